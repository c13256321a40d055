"""A call that the portal has never seen: another kind, two days, on site, eight questions, two conditions."""

STUDY_VISIT = """\
event:
  slug: study-visit-riga-2027
  kind: study_visit
  title: "Study visit: exit work in Riga"
  working_groups: [ran-rehabilitation, ran-prisons]
  language: no
  format: onsite
  city: Riga
  country: LV
  venue: "Example street 1, second floor"
  timezone: Europe/Riga
  sessions:
    - {start: 2027-05-11 09:30, end: 2027-05-11 17:00}
    - {start: 2027-05-12 09:00, end: 2027-05-12 13:00}
  related_events: [an-earlier-visit]
  summary: |
    Two days with people who help others to leave.
call:
  admission: selective
  opens_at: 2027-03-01 08:00
  closes_at: 2027-04-01 12:00
  decision_by: 2027-04-15
  capacity: 12
  waiting_list: true
  confirm_within_days: 5
  reply_to: visits@example.org
  questions:
    - {key: work, kind: single_choice, label: "Your work?", choices: {prison: "Prison", no: "Nowhere"}, required: true}
    - {key: cases, kind: number, label: "How many cases?", min: 0, max: 900, show_if: {question: work, equals: prison}}
    - {key: why, kind: long_text, label: "Why do you come?", max_words: 150, audience: reviewers, required: true}
    - {key: since, kind: date, label: "Since when?"}
    - {key: from, kind: country, label: "Which service sends you?"}
    - {key: stay, kind: yes_no, label: "Do you need a room?", required: true}
    - {key: nights, kind: number, label: "For how many nights?", min: 1, max: 3, show_if: {question: stay, equals: yes}}
    - {key: access, kind: short_text, label: "What would help you?", sensitive: true, max_length: 200}
  criteria:
    - {key: fit, label: "Does exit work", weight: 2, max: 5}
announcement:
  slug: a-visit-to-riga
  title: "A visit to Riga"
  kind: call_for_participants
  department: "Directorate-General for Migration and Home Affairs"
  published_on: 2027-03-01
  body: "Come and see."
publication:
  slug: what-riga-taught-us
  title: "What Riga taught us"
  kind: ex_post_paper
  department: "Directorate-General for Migration and Home Affairs"
  published_on: 2027-06-30
  key_points: ["People leave people.", "Patience."]
  body: "A paper."
"""
