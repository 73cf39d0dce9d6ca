"""Settings: where they come from, and what a wrong one says."""

from pathlib import Path

import pytest

from streams.settings import Settings, SettingsError, load

CERTIFICATE = """-----BEGIN CERTIFICATE-----
MIIBgDCCASegAwIBAgIUN+7lejKoa+O0QMTALS7u3BqLSZMwCgYIKoZIzj0EAwIw
FTETMBEGA1UEAwwKdHJ1Y2UgdGVzdDAgFw0yNjExMjQwODE3MTNaGA8yMTI2MTAz
MTA4MTcxM1owFTETMBEGA1UEAwwKdHJ1Y2UgdGVzdDBZMBMGByqGSM49AgEGCCqG
SM49AwEHA0IABGuc5ZZpSIiflP0sLjBYIReTXPjlzmLNoO4cKNnQc2XxLMIdpdv2
fedZ4wfZct7J6NoJXcnVfUKA45bVG1rzrhqjUzBRMB0GA1UdDgQWBBSWgzdONtXt
tqg0WDVkVizUYupz0TAfBgNVHSMEGDAWgBSWgzdONtXttqg0WDVkVizUYupz0TAP
BgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0cAMEQCIBvOo4V3REjYcFdIBUZT
zOXiUvQXSY02KHZSy+Kr9xMDAiBSJivDIcfDH28tj9Xf+NFj/RIgbIpfF0GMr3MV
UdIm4Q==
-----END CERTIFICATE-----
"""


def test_without_a_file_and_variables_the_defaults_hold():
    assert load(environ={}) == Settings()


def test_a_variable_wins_over_the_file(tmp_path: Path):
    file = tmp_path / "truce.toml"
    file.write_text('bootstrap = "a:1"\nlog_partitions = 8\n[source_topics]\n"Field desk" = ["reports.field"]\n')
    settings = load(environ={"TRUCE_SETTINGS": str(file), "TRUCE_BOOTSTRAP": "b:2,[::1]:3", "TRUCE_TICK_S": "5"})
    assert (settings.bootstrap, settings.log_partitions, settings.tick_s) == ("b:2,[::1]:3", 8, 5)
    assert settings.source_topics == {"Field desk": ["reports.field"]}


def test_source_topics_fit_in_a_variable():
    settings = load(environ={"TRUCE_SOURCE_TOPICS": '{ "Field desk" = ["reports.field", "reports.x.*"] }'})
    assert settings.source_topics == {"Field desk": ["reports.field", "reports.x.*"]}


def test_variables_that_are_no_settings_are_let_pass():
    assert load(environ={"TRUCE_SHARED_DATA": "x", "TRUCE_CACHE": "y", "PATH": "z"}) == Settings()


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        # what is set                                            what the one line says
        ({"TRUCE_LOG_PARTITIONS": "four"}, "TRUCE_LOG_PARTITIONS: 'four' will not do; give a whole number of partitions"),
        ({"TRUCE_LOG_PARTITIONS": "0"}, "1 or more"),
        ({"TRUCE_TICK_S": "1.5"}, "a whole number of seconds"),
        ({"TRUCE_BOOTSTRAP": "kafka"}, "host:port"),
        ({"TRUCE_BOOTSTRAP": "kafka:99999"}, "no such port"),
        ({"TRUCE_METRICS_PORT": "70000"}, "a port"),
        ({"TRUCE_SOURCE_TOPICS": "reports.field"}, "a table of lists"),
        ({"TRUCE_BOOTSTRAPS": "a:1"}, "TRUCE_BOOTSTRAPS is not a setting; did you mean TRUCE_BOOTSTRAP?"),
        ({"TRUCE_SETTING": "a:1"}, "did you mean TRUCE_SETTINGS?"),
        ({"TRUCE_QQQQQQQQQ": "1"}, "there are TRUCE_BOOTSTRAP, "),
        ({"TRUCE_SECURITY_PROTOCOL": "TLS"}, "one of PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL"),
        ({"TRUCE_SECURITY_PROTOCOL": "SASL_SSL"}, "sasl_mechanism is missing"),
        ({"TRUCE_SASL_USERNAME": "x"}, "does not log in; use SASL_SSL"),
        ({"TRUCE_SSL_CAFILE": __file__}, "does not encrypt; use SSL"),
        ({"TRUCE_SECURITY_PROTOCOL": "SSL", "TRUCE_SSL_CAFILE": "/nowhere.pem"}, "/nowhere.pem is not a file"),
        ({"TRUCE_SECURITY_PROTOCOL": "SSL", "TRUCE_SSL_KEYFILE": __file__}, "without ssl_certfile"),
        ({"TRUCE_SETTINGS": "/nowhere.toml"}, "/nowhere.toml: settings cannot be read: No such file"),
    ],
)
def test_a_wrong_setting_is_named_with_its_remedy(environ: dict[str, str], told: str):
    with pytest.raises(SettingsError) as fault:
        load(environ=environ)
    assert told in str(fault.value)
    assert "\n" not in str(fault.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("bootstrap = 9092", "bootstrap: 9092 will not do; give host:port"),
        ('tick_s = "60"', "a whole number of seconds"),
        ("partitions = 4", "partitions is not a setting; did you mean log_partitions?"),
        ("bootstrap = ", "settings cannot be read"),
    ],
)
def test_a_wrong_value_in_the_file_is_named_with_the_file(tmp_path: Path, text: str, told: str):
    file = tmp_path / "truce.toml"
    file.write_text(text)
    with pytest.raises(SettingsError) as fault:
        load(file, environ={})
    assert told in str(fault.value)
    assert str(file) in str(fault.value)


def test_a_password_is_never_shown():
    environ = {
        "TRUCE_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
        "TRUCE_SASL_MECHANISM": "SCRAM-SHA-512",
        "TRUCE_SASL_USERNAME": "monitor",
        "TRUCE_SASL_PASSWORD": "hush-hush",
    }
    settings = load(environ=environ)
    assert settings.sasl_password == "hush-hush"
    assert "hush" not in repr(settings) + str(settings) + f"{settings}"
    with pytest.raises(SettingsError) as fault:
        load(environ=environ | {"TRUCE_SASL_PASSWORD": ""})
    assert "TRUCE_SASL_PASSWORD: the value will not do" in str(fault.value)


def test_logins_and_certificates_pass_through_to_both_clients(tmp_path: Path):
    ca = tmp_path / "ca.pem"
    ca.write_text(CERTIFICATE)
    settings = load(
        environ={
            "TRUCE_SECURITY_PROTOCOL": "SASL_SSL",
            "TRUCE_SASL_MECHANISM": "PLAIN",
            "TRUCE_SASL_USERNAME": "monitor",
            "TRUCE_SASL_PASSWORD": "hush-hush",
            "TRUCE_SSL_CAFILE": str(ca),
        }
    )
    login = {"sasl_mechanism": "PLAIN", "sasl_plain_username": "monitor", "sasl_plain_password": "hush-hush"}
    assert settings.kafka_python().items() >= (login | {"security_protocol": "SASL_SSL", "ssl_cafile": str(ca)}).items()
    assert settings.aiokafka().items() >= (login | {"security_protocol": "SASL_SSL"}).items()
    assert settings.aiokafka()["ssl_context"].get_ca_certs()


def test_without_logins_and_certificates_no_client_is_given_any():
    for client in (Settings().kafka_python(), Settings().aiokafka()):
        assert client == {"bootstrap_servers": ["127.0.0.1:9092"], "security_protocol": "PLAINTEXT"}
