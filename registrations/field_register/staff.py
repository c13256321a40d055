"""What we hold about people who work with the portal."""

from registrations.enums import LegalBasis
from registrations.field_register.shapes import DRAFTS_KEPT, HISTORY_KEPT, Entry, Kept, Reader

ACCOUNT = Kept("when the account is removed")
WITH_WHAT_WAS_DONE = Kept("with what was done")
SIGN_IN = Kept("after {time}", time=DRAFTS_KEPT)
SESSION = Kept("when the session ends; a form in work after {time} at the latest", time=DRAFTS_KEPT)
HISTORY = Kept("after {time}", time=HISTORY_KEPT)

_SELF = (Reader.STAFF, Reader.ADMINISTRATORS)
_TASK = LegalBasis.PUBLIC_TASK

STAFF = (
    Entry(
        "Accounts: address, name, organisation, country, roles",
        {
            "accounts.User": "email name organisation country is_staff is_active is_superuser date_joined",
            "accounts.User_groups": "user group",
            "accounts.User_user_permissions": "user permission",
            "account.EmailAddress": "user email verified primary",
            "account.EmailConfirmation": "email_address created sent key",
            "socialaccount.SocialAccount": "user provider uid last_login date_joined extra_data",
            "socialaccount.SocialToken": "app account token token_secret expires_at",
        },
        "To let people of the staff in, and each of them only to what is theirs.",
        _TASK,
        _SELF,
        ACCOUNT,
        is_about_staff=True,
    ),
    Entry(
        "Password (as a hash), second factor, last sign-in",
        {
            "accounts.User": "password last_login",
            "mfa.Authenticator": "user type data created_at last_used_at",
        },
        "To be sure that nobody else uses the account.",
        _TASK,
        (Reader.NOBODY,),
        ACCOUNT,
        is_about_staff=True,
    ),
    Entry(
        "Sessions, and forms in work",
        {
            "sessions.Session": "session_key session_data expire_date",
            "usersessions.UserSession": "user created_at ip last_seen_at user_agent session_key data",
            "accounts.Draft": "user path sealed saved_at",
        },
        "To stay signed in, and to lose nothing when a session ends.",
        _TASK,
        (Reader.STAFF,),
        SESSION,
        is_about_staff=True,
    ),
    Entry(
        "Wrong passwords: account, address of the network, moment",
        {
            "axes.AccessAttempt": "user_agent ip_address username http_accept path_info attempt_time get_data "
            "post_data failures_since_start",
            "axes.AccessAttemptExpiration": "access_attempt expires_at",
            "axes.AccessLog": "user_agent ip_address username http_accept path_info attempt_time logout_time "
            "session_hash",
            "axes.AccessFailureLog": "user_agent ip_address username http_accept path_info attempt_time locked_out",
        },
        "To stop whoever tries passwords.",
        _TASK,
        (Reader.ADMINISTRATORS,),
        SIGN_IN,
        is_about_staff=True,
    ),
    Entry(
        "Who did what",
        {
            "registrations.AccessEntry": "user",
            "registrations.Alarm": "handled_by",
            "registrations.Check": "checked_by",
            "registrations.Decision": "staged_by released_by",
            "registrations.MailGate": "paused_by",
            "registrations.Pin": "pinned_by",
            "registrations.Proposal": "made_by made_at",
            "registrations.Redaction": "redacted_by",
            "registrations.Registration": "checked_by",
            "registrations.Release": "given_at given_by recalled_at recalled_by",
            "registrations.Review": "reviewer",
            "registrations.ReviewTask": "reviewer assigned_by",
            "registrations.Transition": "by",
            "events.Event": "cancelled_by",
            "events.HistoricalEvent": "cancelled_by history_user history_date",
            "events.HistoricalCall": "history_user history_date",
            "events.HistoricalAnnouncement": "history_user history_date",
            "events.HistoricalPublication": "history_user history_date",
            "registrations.HistoricalReviewAssignment": "reviewer history_user history_date",
        },
        "To be able to answer for decisions about people.",
        LegalBasis.LEGAL_DUTY,
        (Reader.STAFF, Reader.ORGANISERS, Reader.OFFICER),
        WITH_WHAT_WAS_DONE,
        is_about_staff=True,
    ),
    Entry(
        "Who works on which event, and own settings",
        {
            "events.Call_organisers": "user",
            "events.HistoricalCall_organisers": "user",
            "registrations.BoardView": "owner name query",
            "registrations.LogisticsAssignment": "user",
            "registrations.ReviewAssignment": "reviewer",
            "registrations.SelectionSettings": "deputy",
            "registrations.OutgoingMail": "user",
        },
        "So that each sees only the events that are theirs.",
        _TASK,
        (Reader.STAFF, Reader.ORGANISERS, Reader.ADMINISTRATORS),
        ACCOUNT,
        is_about_staff=True,
    ),
    Entry(
        "History of changes in the administration",
        {"admin.LogEntry": "action_time user content_type object_id object_repr action_flag change_message"},
        "To see who changed what. People who register stand in it by their reference alone.",
        LegalBasis.LEGAL_DUTY,
        (Reader.STAFF, Reader.ORGANISERS, Reader.OFFICER),
        HISTORY,
        is_about_staff=True,
    ),
)
