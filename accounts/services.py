"""What flows may ask about customers and accounts.

A private service asked on a call that has not verified the account raises `identity.NotVerified`, which the runner
makes the outcome `error` of.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from accounts import billing, directory, identity, outage_services, supply, tariffs
from ivr.services import Outcome, Service, ServiceContext, ValueType
from settings import Settings

TEXT, DIGITS, MONEY, DATE = ValueType.TEXT, ValueType.DIGITS, ValueType.MONEY, ValueType.DATE


def find_caller(context: ServiceContext, inputs: Mapping[str, Any]) -> Outcome:
    customer = directory.customer_of_number(context.session, inputs["number"])
    account = None if customer is None else directory.account_of_customer(context.session, customer.id)
    if customer is None or account is None:
        return Outcome("unknown")
    context.call.customer_id = customer.id
    return Outcome(
        "known",
        {
            "customer_name": customer.name,
            "account_number": account.number,
            "address": directory.address_in(account.premise.address, context.language),
        },
    )


def find_account(context: ServiceContext, inputs: Mapping[str, Any]) -> Outcome:
    account = directory.account_by_number(context.session, inputs["account_number"])
    if account is None:
        return Outcome("not_found")
    address = directory.address_in(account.premise.address, context.language)
    return Outcome("found", {"address": directory.street_of(address)})


def verify_identity(context: ServiceContext, inputs: Mapping[str, Any]) -> Outcome:
    number, pin = inputs["account_number"], inputs["pin"]
    return Outcome(identity.check_pin(context.session, context.call, number, pin, context.now).value)


def balance(context: ServiceContext, inputs: Mapping[str, Any]) -> Outcome:
    identity.require_verified(context.call, inputs["account_number"])
    cents = billing.balance_cents(context.session, inputs["account_number"]) or 0
    name = "owing" if cents > 0 else "credit" if cents < 0 else "settled"
    return Outcome(name, {"balance": abs(cents)})


def last_bill(context: ServiceContext, inputs: Mapping[str, Any]) -> Outcome:
    identity.require_verified(context.call, inputs["account_number"])
    bill = billing.last_bill(context.session, inputs["account_number"])
    if bill is None:
        return Outcome("none")
    return Outcome(
        "found",
        {
            "amount": bill.amount_cents,
            "due_on": bill.due_on.isoformat(),
            "period": bill.period.isoformat(),
            "usage_kwh": bill.usage_kwh,
            "paid": bill.paid_at is not None,
        },
    )


_OF_ACCOUNTS: Final = [
    Service(
        "accounts.find_caller",
        find_caller,
        outcomes=frozenset({"known", "unknown"}),
        inputs={"number": ValueType.PHONE},
        outputs={"customer_name": TEXT, "account_number": DIGITS, "address": TEXT},
        about="The customer who calls from a number. A number of several customers is unknown.",
    ),
    Service(
        "accounts.find_account",
        find_account,
        outcomes=frozenset({"found", "not_found"}),
        inputs={"account_number": DIGITS},
        outputs={"address": TEXT},
        about="The street of an account, without house number: for anybody to hear.",
    ),
    Service(
        "accounts.verify_identity",
        verify_identity,
        outcomes=frozenset(verdict.value for verdict in identity.Verdict),
        inputs={"account_number": DIGITS, "pin": DIGITS},
        private=frozenset({"pin"}),
        about="Checks the query password. Five wrong ones in a row lock the account for 30 minutes.",
    ),
    Service(
        "accounts.balance",
        balance,
        outcomes=frozenset({"owing", "settled", "credit"}),
        inputs={"account_number": DIGITS},
        outputs={"balance": MONEY},
        private=frozenset({"balance"}),
        about="What is owed, or the credit, as an absolute amount. Only on a call that verified the account.",
    ),
    Service(
        "accounts.last_bill",
        last_bill,
        outcomes=frozenset({"found", "none"}),
        inputs={"account_number": DIGITS},
        outputs={
            "amount": MONEY,
            "due_on": DATE,
            "period": DATE,
            "usage_kwh": ValueType.NUMBER,
            "paid": ValueType.YES_NO,
        },
        private=frozenset({"amount", "due_on", "period", "usage_kwh", "paid"}),
        about="The newest bill; `period` is the month's first day. Only on a call that verified the account.",
    ),
]

# Those that need no settings.
SERVICES: Final = [*_OF_ACCOUNTS, *supply.SERVICES]


def build_services(settings: Settings) -> list[Service]:
    """All that flows may ask of this package."""
    return [*SERVICES, *tariffs.build_services(settings.utility.tariff), *outage_services.build_services(settings)]
