"""Mutation testing: are the tests of domain and services worth anything? docs/mutation.md keeps the last answer."""
