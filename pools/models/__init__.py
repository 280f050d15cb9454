"""Rows of user pools. One class a file; every row of a user carries its pool."""

from pools.models.attempt import Attempt
from pools.models.client import Client
from pools.models.client_secret import ClientSecret
from pools.models.code import Code
from pools.models.credential import Credential
from pools.models.domain import Domain
from pools.models.encryption_key import EncryptionKey
from pools.models.former_password import FormerPassword
from pools.models.function import Function, FunctionCode
from pools.models.grant import Grant
from pools.models.group import Group, Membership
from pools.models.hosted_session import HostedSession
from pools.models.import_job import ImportChunk, ImportJob, ImportRow
from pools.models.invocation import Invocation
from pools.models.outgoing import Outgoing
from pools.models.pool import Pool
from pools.models.queued_message import QueuedMessage
from pools.models.refresh_token import RefreshToken
from pools.models.resource_server import ResourceServer
from pools.models.search_value import SearchValue
from pools.models.session import Session
from pools.models.sign_in_name import SignInName
from pools.models.software_token import SoftwareToken
from pools.models.spent_secret_block import SpentSecretBlock
from pools.models.ui_customization import UICustomization
from pools.models.user import User
from pools.models.webhook import Webhook

__all__ = [
    "Attempt",
    "Client",
    "ClientSecret",
    "Code",
    "Credential",
    "EncryptionKey",
    "FormerPassword",
    "Function",
    "FunctionCode",
    "Group",
    "ImportChunk",
    "ImportJob",
    "ImportRow",
    "Invocation",
    "Membership",
    "Outgoing",
    "Pool",
    "QueuedMessage",
    "RefreshToken",
    "SearchValue",
    "Session",
    "SignInName",
    "SoftwareToken",
    "SpentSecretBlock",
    "User",
    "Domain",
    "Grant",
    "HostedSession",
    "ResourceServer",
    "UICustomization",
    "Webhook",
]
