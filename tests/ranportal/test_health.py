import pytest


def test_live_answers_without_a_database(client):
    assert client.get("/healthz/live/").json() == {"ready": True}


@pytest.mark.django_db
def test_web_answers_when_the_database_does(client):
    response = client.get("/healthz/web/")
    assert (response.status_code, response.json()) == (200, {"ready": True, "database": "ok"})
