"""The implementations of the ports: AWS, KIE.AI, and the hosts that results are fetched from."""
