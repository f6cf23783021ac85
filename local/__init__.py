"""The local cloud: the KIE.AI simulator, the test videos, the stack runner and the demo."""
