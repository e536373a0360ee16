"""Sockets -> Request -> pipeline -> Response."""
