"""RabbitMQ of Debian, laid out as its official image has it."""

from __future__ import annotations

from tests.bed.recipe import Recipe

# The official image has the programs there, and the user that its jobs run as.
_RABBITMQ = """FROM hashistack-test/rabbitmq:1
RUN ln -s /usr/lib/rabbitmq/lib/rabbitmq_server-* /opt/rabbitmq \\
 && groupadd --gid 999 broker && useradd --uid 999 --gid 999 --home-dir /var/lib/rabbitmq broker
ENV PATH=/opt/rabbitmq/sbin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8
EXPOSE 1883 4369 15692 25672
CMD ["rabbitmq-server"]
"""

RECIPES = (
    Recipe("hashistack-test/rabbitmq:1", debian=("rabbitmq-server",), changes=('CMD ["sh"]',)),
    Recipe("rabbitmq:4.0.5", dockerfile=_RABBITMQ, base="hashistack-test/rabbitmq:1"),
)
