"""Which request-rate category each operation of cognito-idp belongs to.

Source: guide, "Amazon Cognito user pools API operation categories and request rate quotas"; operations that the guide
does not list stand with the most similar ones, *assumed*.
"""

from __future__ import annotations

CHALLENGE_ANSWERS = frozenset({"AdminRespondToAuthChallenge", "RespondToAuthChallenge"})
"""These have three times the rate of UserAuthentication for themselves, before they count to it."""

_OPERATIONS = {
    "UserAuthentication": """
        AdminInitiateAuth AdminRespondToAuthChallenge GetDerivedToken GetTokensFromRefreshToken InitiateAuth
        RespondToAuthChallenge
    """,
    "UserCreation": "AdminConfirmSignUp AdminCreateUser ConfirmSignUp SignUp",
    "UserAccountRecovery": """
        AdminResetUserPassword AdminSetUserPassword ChangePassword ConfirmForgotPassword ForgotPassword
    """,
    "UserRead": "AdminGetUser GetUser",
    "UserUpdate": """
        AdminAddUserToGroup AdminDeleteUser AdminDeleteUserAttributes AdminDisableProviderForUser AdminDisableUser
        AdminEnableUser AdminLinkProviderForUser AdminRemoveUserFromGroup AdminRevokeUserSession
        AdminUpdateUserAttributes AdminUserGlobalSignOut DeleteUser DeleteUserAttributes GlobalSignOut
        RevokeUserSession UpdateUserAttributes VerifyUserAttribute
    """,
    "UserToken": "RevokeToken",
    "UserResourceRead": """
        AdminGetDevice AdminGetUserAuthFactors AdminListDevices AdminListGroupsForUser AdminListUserAuthEvents
        AdminListUserSessions GetDevice GetUserAttributeVerificationCode GetUserAuthFactors ListDevices
        ListUserSessions ListWebAuthnCredentials ResendConfirmationCode
    """,
    "UserResourceUpdate": """
        AdminDeleteSoftwareToken AdminForgetDevice AdminSetUserMFAPreference AdminSetUserSettings
        AdminUpdateAuthEventFeedback AdminUpdateDeviceStatus AssociateSoftwareToken CompleteWebAuthnRegistration
        ConfirmDevice DeleteWebAuthnCredential ForgetDevice SetUserMFAPreference SetUserSettings
        StartWebAuthnRegistration UpdateAuthEventFeedback UpdateDeviceStatus VerifySoftwareToken
    """,
    "UserList": "ListUsers ListUsersInGroup",
    "UserPoolRead": "DescribeUserPool ListUserPools",
    "UserPoolUpdate": "CreateUserPool DeleteUserPool UpdateUserPool",
    "UserPoolResourceRead": """
        DescribeIdentityProvider DescribeManagedLoginBranding DescribeManagedLoginBrandingByClient
        DescribeResourceServer DescribeRiskConfiguration DescribeTerms DescribeTermsByClient DescribeUserImportJob
        DescribeUserPoolDomain GetCSVHeader GetGroup GetIdentityProviderByIdentifier GetLogDeliveryConfiguration
        GetSigningCertificate GetUserPoolMfaConfig GetUserPoolSessionConfiguration ListGroups ListIdentityProviders
        ListResourceServers ListTagsForResource ListTerms ListUserImportJobs ListUserPoolReplicas
    """,
    "UserPoolResourceUpdate": """
        AddCustomAttributes CreateGroup CreateIdentityProvider CreateManagedLoginBranding CreateResourceServer
        CreateTerms CreateUserImportJob CreateUserPoolDomain CreateUserPoolReplica DeleteGroup DeleteIdentityProvider
        DeleteManagedLoginBranding DeleteResourceServer DeleteTerms DeleteUserPoolDomain DeleteUserPoolReplica
        SetLogDeliveryConfiguration SetRiskConfiguration SetUserPoolMfaConfig SetUserPoolSessionConfiguration
        StartUserImportJob StopUserImportJob TagResource UntagResource UpdateGroup UpdateIdentityProvider
        UpdateManagedLoginBranding UpdateResourceServer UpdateTerms UpdateUserPoolDomain UpdateUserPoolReplica
    """,
    "UserPoolClientRead": """
        DescribeUserPoolClient GetUICustomization GetUserPoolClientSessionConfiguration ListUserPoolClientSecrets
        ListUserPoolClients
    """,
    "UserPoolClientUpdate": """
        AddUserPoolClientSecret CreateUserPoolClient DeleteUserPoolClient DeleteUserPoolClientSecret SetUICustomization
        SetUserPoolClientSessionConfiguration UpdateUserPoolClient
    """,
    "ClientAuthentication": "GetClientToken",
    "LimitManagement": "GetProvisionedLimit UpdateProvisionedLimit",
}

CATEGORY_OF = {operation: category for category, names in _OPERATIONS.items() for operation in names.split()}

CAPPED_PER_POOL = frozenset(
    {"UserPoolResourceRead", "UserPoolResourceUpdate", "UserPoolClientRead", "UserPoolClientUpdate"}
)
"""In these, one operation has a rate of its own for each pool: `PerUserPool`."""
