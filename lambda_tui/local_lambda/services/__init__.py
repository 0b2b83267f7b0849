"""Stand-ins for S3, DynamoDB and SQS with a configurable latency, for the payloads that call them."""

from lambda_tui.local_lambda.services.behaviour import ServiceBehaviour, configured_behaviour
from lambda_tui.local_lambda.services.latency_proxy import CONTROL_PATH, ServicesServer, start_services

__all__ = ["CONTROL_PATH", "ServiceBehaviour", "ServicesServer", "configured_behaviour", "start_services"]
