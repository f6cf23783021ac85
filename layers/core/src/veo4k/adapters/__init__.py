"""The real world behind the ports: AWS, KIE.AI, and the host a result is fetched from."""
