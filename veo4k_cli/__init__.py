"""The operator's command line `veo4k`, for a stack on AWS and for the local cloud."""
