"""The HTTP API for jobs under requests that are made from its OpenAPI page."""
