"""Columns that say nothing about a person, with the reason."""

from registrations.field_register.shapes import Nothing

#: Fields that in any table only number a row, or say to which call, registration or question it belongs.
TECHNICAL = frozenset({"id", "call", "registration", "question", "history_id", "history_type", "history_change_reason"})

NOTHING = (
    Nothing(
        "What is announced: events, texts, papers; the mailbox of a call is a shared one",
        {
            "events.Announcement": "*",
            "events.Call": "*",
            "events.Call_organisers": "*",
            "events.Event": "*",
            "events.Event_related_events": "*",
            "events.Event_working_groups": "*",
            "events.HistoricalAnnouncement": "*",
            "events.HistoricalCall": "*",
            "events.HistoricalCall_organisers": "*",
            "events.HistoricalEvent": "*",
            "events.HistoricalEvent_working_groups": "*",
            "events.HistoricalPublication": "*",
            "events.HistoricalPublication_events": "*",
            "events.HistoricalPublication_working_groups": "*",
            "events.Publication": "*",
            "events.Publication_events": "*",
            "events.Publication_working_groups": "*",
            "events.Session": "*",
            "events.WorkingGroup": "*",
        },
    ),
    Nothing(
        "What a form asks, and how people are selected: the same for everybody",
        {
            "registrations.Question": "key kind label help is_required audience is_sensitive purpose legal_basis "
            "kept_for choices max_words max_length min_value max_value max_choices asked_of condition_question "
            "condition_value position version retired_at",
            "registrations.LibraryQuestion": "key kind label help is_required audience is_sensitive purpose "
            "legal_basis kept_for choices max_words max_length min_value max_value max_choices note",
            "registrations.Answer": "label",
            "registrations.Criterion": "key label weight max_score anchors position",
            "registrations.OfferedExtra": "extra",
            "registrations.SelectionRule": "attribute value minimum maximum weight position",
            "registrations.SelectionSettings": "needs_second_person promotes_by_itself telephone_hours",
            "registrations.KeepingRules": "unproven_days clearance_days sensitive_days declined_days selected_days",
        },
    ),
    Nothing(
        "Counts of many people, none of whom can be told",
        {
            "registrations.CallNumbers": "counts counted_at",
            "registrations.DeletionCertificate": "started_at finished_at counts keys_destroyed digest",
            "registrations.Reconciliation": "day checked_at promised told waiting replaced stopped missing doubled "
            "repeated",
            "registrations.Release": "due_at done_at refusal selected reserve declined",
        },
    ),
    Nothing(
        "Which row it belongs to",
        {
            "registrations.NotTold": "reconciliation",
            "registrations.ProposalLine": "proposal",
            "registrations.Redaction": "answer",
            "registrations.Score": "review criterion",
            "registrations.Registration": "version",
        },
    ),
    Nothing(
        "Keys, and how the portal works",
        {
            "registrations.AccessCheckpoint": "up_to digest entries cut_at",
            "registrations.AccessEntry": "number",
            "registrations.BeatPulse": "at",
            "registrations.CallKey": "wrapped master_id made_at destroyed_at",
            "registrations.MailConnection": "token held_until",
            "registrations.MailGate": "paused_at closed_until failures reason seen_at taken_at",
            "registrations.OutgoingMail": "priority template_version useless_after is_undone lease_token lease_until "
            "restored_at created_at",
            "registrations.Proposal": "seed rules_version input_sha256",
            "registrations.ToldEvent": "event revision facts told_at",
        },
    ),
    Nothing(
        "Names of rights and of tables; how other services are reached",
        {
            "auth.Group": "*",
            "auth.Group_permissions": "*",
            "auth.Permission": "*",
            "contenttypes.ContentType": "*",
            "sites.Site": "*",
            "socialaccount.SocialApp": "*",
            "socialaccount.SocialApp_sites": "*",
        },
    ),
)
