"""The HTTP endpoint: tests in any language reset their database, or get one of their own.

It listens on 127.0.0.1 only. Every request needs the token, in its path or as `Authorization: Bearer`; a request
for another host's name is refused, so that no web page reaches it through a name that it controls.
"""

from tdmvc.environments.endpoint.client import EndpointClient
from tdmvc.environments.endpoint.routes import DatabaseOrigin
from tdmvc.environments.endpoint.server import Endpoint, serve_endpoint

__all__ = ["DatabaseOrigin", "Endpoint", "EndpointClient", "serve_endpoint"]
