"""Where newer prices come from: the Price List's bulk file, or the Pricing API with credentials."""

from __future__ import annotations

import json
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

from lambda_tui.billing.price_list import PriceList, price_list_from_products, read_price_list
from lambda_tui.errors import InvalidInput, TargetRefused, TargetUnreachable

BULK_URL = "https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/AWSLambda/current/index.json"
"""AWS Price List Bulk API; needs no account."""

_LONGEST_S = 120.0
_LARGEST_BYTES = 512 * 1024 * 1024


def from_bulk_file(url: str) -> PriceList:
    """Download and read the offer file.

    Raises:
        InvalidInput: the address is invalid, or what it returns is not an AWSLambda offer file.
        TargetUnreachable: nothing answers.
        TargetRefused: it answers with an error.
    """
    address = urlsplit(url)
    if address.scheme != "https" and address.hostname not in ("127.0.0.1", "::1", "localhost"):
        raise InvalidInput("--url", f"--url {url!r} is not an https address.")
    import httpx  # noqa: PLC0415  (only `prices update` needs it)

    body = bytearray()
    try:
        with httpx.stream("GET", url, timeout=_LONGEST_S, follow_redirects=True) as response:
            if response.status_code != httpx.codes.OK:
                raise TargetRefused(f"{address.hostname} answered {response.status_code} for the price list.")
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > _LARGEST_BYTES:
                    raise TargetRefused(f"{address.hostname} sends more than a price list can be.")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise TargetUnreachable(
            f"{address.hostname or url} cannot be reached: {error}.",
            hint="The prices you have stay in use.",
        ) from None
    try:
        return read_price_list(json.loads(body))
    except (ValueError, RecursionError):
        raise InvalidInput("prices", f"{url} did not return JSON.") from None


def from_pricing_api(profile: str | None) -> PriceList:
    """Ask the Pricing API for every Lambda product, with the credentials of botocore's session.

    Raises:
        TargetRefused: no usable credentials, or they may not call pricing:GetProducts.
        TargetUnreachable: no connection.
    """
    import boto3  # noqa: PLC0415  (only this source needs it)
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415
    from botocore.exceptions import ConnectionError as BotoConnectionError  # noqa: PLC0415

    items: list[Any] = []
    try:
        with closing(boto3.Session(profile_name=profile).client("pricing", region_name="us-east-1")) as api:
            for page in api.get_paginator("get_products").paginate(ServiceCode="AWSLambda"):
                items += (json.loads(item) for item in page["PriceList"])
    except BotoConnectionError as error:
        raise TargetUnreachable(f"The Pricing API cannot be reached: {error}.") from None
    except (BotoCoreError, ClientError) as error:
        raise TargetRefused(
            f"The Pricing API refused: {str(error).rstrip('.')}.",
            hint="`--source bulk` needs no credentials.",
        ) from None
    return read_price_list(price_list_from_products(items))
