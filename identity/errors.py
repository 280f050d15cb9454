"""Every error a client can meet, once: AWS code, HTTP status, default text.

The domain raises these; each surface (wire, and later OAuth, REST, forms) renders them once. Texts are
AWS's public ones; where AWS's wording is not proven the text is *assumed* and stands here so that it can be
corrected in one place. Detail that helps only an operator goes to the log with the request id, never in here.
Source: the service model's exception shapes; Cognito developer guide; `CommonErrors` of the API references.
"""

from __future__ import annotations

from typing import ClassVar


class ServiceError(Exception):
    """An answer, not a crash. Subclasses are named after the AWS code, without its `Exception` suffix."""

    code: ClassVar[str] = "InternalErrorException"
    status: ClassVar[int] = 400
    text: ClassVar[str] = ""

    def __init_subclass__(cls) -> None:
        if "code" not in cls.__dict__:
            cls.code = f"{cls.__name__}Exception"

    def __init__(self, message: str | None = None, *, field: str | None = None) -> None:
        """`field` names the input that is wrong, in snake case, for surfaces that show errors beside fields."""
        self.message = self.text if message is None else message
        self.field = field
        super().__init__(self.message)


# Front-end errors: AWS answers these before the service sees the request.


class UnknownOperation(ServiceError):
    pass


class Serialization(ServiceError):
    pass


class RequestEntityTooLarge(ServiceError):
    status = 413
    text = "Request body is too large."


class MissingAuthenticationToken(ServiceError):
    text = "Missing Authentication Token"


class IncompleteSignature(ServiceError):
    pass


class UnrecognizedClient(ServiceError):
    text = "The security token included in the request is invalid."


class ExpiredToken(ServiceError):
    text = "The security token included in the request is expired"


class InvalidSignature(ServiceError):
    text = (
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
        "Access Key and signing method. Consult the service documentation for details."
    )


class AccessDenied(ServiceError):
    pass


class Validation(ServiceError):
    """A violated constraint, where a service has no error of its own for it."""


# Errors of the service models.


class InternalError(ServiceError):
    status = 500
    text = "Something went wrong"


class InvalidParameter(ServiceError):
    pass


class ResourceNotFound(ServiceError):
    pass


class NotAuthorized(ServiceError):
    text = "Incorrect username or password."


class TooManyRequests(ServiceError):
    text = "Rate exceeded"


class LambdaFailure(ServiceError):
    """What is wrong with a trigger's function; clients meet one of the three below."""


class UnexpectedLambda(LambdaFailure):
    """A trigger's function could not be invoked, or did not answer in time."""


class UserLambdaValidation(LambdaFailure):
    """A trigger's function refused, by raising an error."""


class InvalidLambdaResponse(LambdaFailure):
    text = "Unrecognizable lambda output"


class LimitExceeded(ServiceError):
    text = "Attempt limit exceeded, please try after some time."


class TooManyFailedAttempts(ServiceError):
    text = "Attempt limit exceeded, please try after some time."


class UserNotFound(ServiceError):
    text = "User does not exist."


class UsernameExists(ServiceError):
    text = "User already exists"


class AliasExists(ServiceError):
    text = "An account with the given email already exists."


class UserNotConfirmed(ServiceError):
    text = "User is not confirmed."


class PasswordResetRequired(ServiceError):
    text = "Password reset required for the user"


class InvalidPassword(ServiceError):
    pass


class PasswordHistoryPolicyViolation(ServiceError):
    text = "Password has previously been used."


class GroupExists(ServiceError):
    text = "A group with the name already exists."


class PreconditionNotMet(ServiceError):
    pass


class ConcurrentModification(ServiceError):
    pass


class UserImportInProgress(ServiceError):
    text = "A user import job is in progress for this user pool."


class RefreshTokenReuse(ServiceError):
    text = "Refresh token has been used already."


class CodeMismatch(ServiceError):
    text = "Invalid verification code provided, please try again."


class ExpiredCode(ServiceError):
    text = "Invalid code provided, please request a code again."


class MFAMethodNotFound(ServiceError):
    text = "The user has no address for the second factor."


class EnableSoftwareTokenMFA(ServiceError):
    text = "Code mismatch"


class SoftwareTokenMFANotFound(ServiceError):
    text = "Software Token MFA has not been enabled by the userPool"


class CodeDeliveryFailure(ServiceError):
    text = "The verification code could not be delivered."


class InvalidSmsRoleAccessPolicy(CodeDeliveryFailure):
    text = "Role does not have permission to publish with SNS"


class InvalidSmsRoleTrustRelationship(CodeDeliveryFailure):
    text = "Role does not have a trust relationship allowing Cognito to assume the role"


class UnsupportedUserState(ServiceError):
    pass


class UnsupportedOperation(ServiceError):
    pass


class UnsupportedTokenType(ServiceError):
    text = "Unsupported token type"


class Unauthorized(ServiceError):
    text = "Unauthorized"


class InvalidOAuthFlow(ServiceError):
    pass


class ScopeDoesNotExist(ServiceError):
    pass


class UserPoolTagging(ServiceError):
    pass


class FeatureUnavailableInTier(ServiceError):
    pass


class TierChangeNotAllowed(ServiceError):
    pass


# Errors of KMS.


class NotFound(ServiceError):
    pass


class Disabled(ServiceError):
    pass


class InvalidCiphertext(ServiceError):
    """KMS tells nothing more."""


class IncorrectKey(ServiceError):
    text = "The key ID in the request does not identify a CMK that can perform this operation."


class InvalidKeyUsage(ServiceError):
    pass


class KMSInvalidState(ServiceError):
    pass


class InvalidMarker(ServiceError):
    text = "Could not deserialize marker"


class DryRunOperation(ServiceError):
    text = "The request would have succeeded, but the DryRun option is set."


class Tag(ServiceError):
    pass


# Errors of the Lambda API.


class InvalidParameterValue(ServiceError):
    pass


class ResourceConflict(ServiceError):
    status = 409


class PreconditionFailed(ServiceError):
    status = 412
    text = (
        "The RevisionId provided does not match the latest RevisionId. Call the GetFunction/GetAlias/GetPolicy API to "
        "retrieve the latest RevisionId"
    )


class PolicyLengthExceeded(ServiceError):
    pass


class InvalidRequestContent(ServiceError):
    pass


# Texts that several places use.

USER_DISABLED = "User is disabled."
PASSWORD_ATTEMPTS_EXCEEDED = "Password attempts exceeded"  # noqa: S105
TEMPORARY_PASSWORD_EXPIRED = "Temporary password has expired and must be reset by an administrator."  # noqa: S105
NAME_CLIENT_NOT_FOUND = "Username/client id combination not found."
INVALID_ACCESS_TOKEN = "Invalid Access Token"  # noqa: S105
ACCESS_TOKEN_EXPIRED = "Access Token has expired"  # noqa: S105
ACCESS_TOKEN_REVOKED = "Access Token has been revoked"  # noqa: S105
ACCESS_TOKEN_SCOPE = "Access Token does not have required scopes"  # noqa: S105
ACCESS_TOKEN_SIGNATURE = "Could not verify signature for Access Token"  # noqa: S105
REFRESH_TOKEN_INVALID = "Invalid Refresh Token"  # noqa: S105
REFRESH_TOKEN_EXPIRED = "Refresh Token has expired"  # noqa: S105
REFRESH_TOKEN_REVOKED = "Refresh Token has been revoked"  # noqa: S105
SESSION_INVALID = "Invalid session for the user."
SESSION_USED = "Invalid session for the user, session can only be used once."
SESSION_EXPIRED = "Invalid session for the user, session is expired."
UNAUTHORIZED_ATTRIBUTE = "A client attempted to write unauthorized attribute"
SIGN_UP_NOT_PERMITTED = "SignUp is not permitted for this user pool"
NO_AUTO_VERIFICATION = "Cannot resend codes. Auto verification not turned on."
ALREADY_CONFIRMED = "User is already confirmed."
NOT_RESETTABLE = "User password cannot be reset in the current state."
NO_RECOVERY_ADDRESS = "Cannot reset password for the user as there is no registered/verified email or phone_number"
CONTACT_ADMINISTRATOR = "Contact administrator to reset password."
CUSTOM_AUTH_NOT_CONFIGURED = "Custom auth lambda trigger is not configured for the user pool."
CODE_OR_STATE = "Invalid code or auth state for the user."
SOFTWARE_TOKEN_CODE_WRONG = "Invalid code received for user"  # noqa: S105
SOFTWARE_TOKEN_USED = "Your software token has already been used once."  # noqa: S105
SOFTWARE_TOKEN_NOT_ASSOCIATED = "No software token waits for verification."  # noqa: S105
ONE_PREFERRED_MFA = "Only one MFA method can be preferred."
TOKEN_OR_SESSION = "Exactly one of AccessToken and Session must be given."  # noqa: S105
ONLY_SMS_OPTIONS = "MFAOptions can hold SMS for phone_number only."
ATTRIBUTES_NOT_THERE = "One or more requested attributes do not exist."
FILTER_UNREADABLE = "Error while parsing filter"
IMPORT_NOT_CREATED = "The user import job has been started before or has expired."
IMPORT_NOT_RUNNING = "The user import job is not in progress."
IMPORT_WITHOUT_FILE = "No file has been uploaded for the user import job."
IMPORT_WITHOUT_VERIFICATION = "The user pool has no auto-verified attribute."
IMPORT_ALREADY_RUNNING = "Another user import job is in progress."
TOO_MANY_IMPORT_JOBS = "Maximum number of user import jobs has been reached."
MFA_WITHOUT_FACTOR = "Invalid MFA Configuration given. SMS MFA, Email MFA, or Software Token MFA must be enabled."
MFA_OFF_WITH_FACTOR = "Invalid MFA configuration given, can't turn off MFA and configure an MFA together."
FIRST_FACTOR_WITH_MFA = "Only PASSWORD and WEB_AUTHN (if configured) can be enabled as an auth factor if MFA is enabled"
EMAIL_MFA_FROM_DEFAULT_ACCOUNT = (
    "Cannot set EmailMfaConfiguration when user pool EmailConfiguration contains an EmailSendingAccount of "
    "COGNITO_DEFAULT"
)
EMAIL_MFA_WITH_EMAIL_RECOVERY = (
    "Invalid account recovery setting parameter. Account Recovery Setting cannot use verified_email as the only "
    "recovery mechanism when Email MFA is configured."
)
HAS_DOMAIN = "User pool cannot be deleted. It has a domain configured that should be deleted first."
DELETION_PROTECTED = (
    "The user pool cannot be deleted because deletion protection is activated. "
    "Deletion protection must be inactivated first."
)


def pool_not_found(pool_id: str) -> ResourceNotFound:
    return ResourceNotFound(f"User pool {pool_id} does not exist.")


def client_not_found(client_id: str) -> ResourceNotFound:
    return ResourceNotFound(f"User pool client {client_id} does not exist.")


def import_job_not_found(job_id: str) -> ResourceNotFound:
    return ResourceNotFound(f"User import job {job_id} does not exist.")


def not_updatable(name: str) -> InvalidParameter:
    return InvalidParameter(f"user.{name}: Attribute cannot be updated.", field=name)


def group_not_found() -> ResourceNotFound:
    return ResourceNotFound("Group not found.")


def missing_parameter(name: str) -> InvalidParameter:
    return InvalidParameter(f"Missing required parameter {name}")


def no_delivery_for(factor: str) -> str:
    return f"User does not have delivery config set to turn on {factor}"


def required_for_mfa(attribute: str) -> str:
    return f"{attribute} cannot be deleted: MFA is required in the user pool, and the user has no other method."


def key_is_disabled(arn: str) -> Disabled:
    return Disabled(f"{arn} is disabled.")


def key_is_pending_deletion(arn: str) -> KMSInvalidState:
    return KMSInvalidState(f"{arn} is pending deletion.")


def key_not_usable(arn: str) -> InvalidParameter:
    return InvalidParameter(f"KMSKeyID {arn} does not name an enabled key of this region.", field="lambda_config")
