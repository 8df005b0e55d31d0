"""What the tests share: pictures drawn by code, a running server, checks of its answers."""
