"""The bytes that go to the terminal."""
