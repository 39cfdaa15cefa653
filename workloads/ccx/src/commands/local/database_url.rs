//! `postgres://user:password@host:port/name?sslmode=require`

use std::str::FromStr;

use ccx_config::{Database, Secret, TlsMode};
use serde::{Deserialize as _, de::value::StrDeserializer};
use snafu::{ResultExt as _, Snafu, ensure};
use url::{Url, form_urlencoded};

/// The reason why a text is not the URL of a database.
#[derive(Debug, Snafu)]
pub(crate) enum DatabaseUrlError {
    #[snafu(display("not a URL like postgres://user:password@host:5432/name"))]
    Parse { source: url::ParseError },
    #[snafu(display("begins with {scheme}:// instead of postgres://"))]
    Scheme { scheme: String },
    #[snafu(display("names no database; it should end like /name"))]
    NoName,
    #[snafu(display(
        "has sslmode={mode}, which is not one of disable, prefer, require, verify-ca and verify-full"
    ))]
    TlsMode { mode: String },
}

/// An existing database of the user.
#[derive(Clone, Debug)]
pub(crate) struct DatabaseUrl(Database);

impl DatabaseUrl {
    /// The connection settings.
    pub(super) fn settings(&self) -> Database {
        self.0.clone()
    }
}

impl FromStr for DatabaseUrl {
    type Err = DatabaseUrlError;

    fn from_str(text: &str) -> Result<Self, DatabaseUrlError> {
        let url = Url::parse(text).context(ParseSnafu)?;
        ensure!(matches!(url.scheme(), "postgres" | "postgresql"), SchemeSnafu { scheme: url.scheme() });
        let name = decoded(url.path().trim_start_matches('/'));
        ensure!(!name.is_empty(), NoNameSnafu);
        let defaults = Database::default();
        Ok(Self(Database {
            host: url.host_str().map_or(defaults.host, |host| decoded(host.trim_matches(['[', ']']))),
            port: url.port().unwrap_or(defaults.port),
            user: if url.username().is_empty() { defaults.user } else { decoded(url.username()) },
            password: url.password().map(|password| Secret::from(decoded(password))),
            tls_mode: tls_mode(&url)?.unwrap_or(defaults.tls_mode),
            name,
            ..Database::default()
        }))
    }
}

fn tls_mode(url: &Url) -> Result<Option<TlsMode>, DatabaseUrlError> {
    let Some((_, mode)) = url.query_pairs().find(|(key, _)| key == "sslmode") else { return Ok(None) };
    let parsed = TlsMode::deserialize(StrDeserializer::<serde::de::value::Error>::new(&mode));
    parsed.map(Some).map_err(|_| TlsModeSnafu { mode }.build())
}

/// Resolves `%xx`. In a form `+` is a space, which it is not in the other parts of a URL.
fn decoded(text: &str) -> String {
    let form = text.replace('+', "%2B");
    form_urlencoded::parse(form.as_bytes()).map(|(key, _)| key.into_owned()).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn url_with_all_parts_is_parsed() {
        let settings = "postgres://ccx:p%40s+s@db.example:5433/results?sslmode=verify-full"
            .parse::<DatabaseUrl>()
            .unwrap()
            .settings();
        assert_eq!(
            (settings.host.as_str(), settings.port, settings.name.as_str()),
            ("db.example", 5433, "results")
        );
        assert_eq!((settings.user.as_str(), settings.password.unwrap().expose()), ("ccx", "p@s+s"));
        assert_eq!(settings.tls_mode, TlsMode::VerifyFull);
    }

    #[test]
    fn url_without_optional_parts_has_defaults() {
        let settings = "postgresql://localhost/results".parse::<DatabaseUrl>().unwrap().settings();
        assert_eq!(
            (settings.port, settings.user.as_str(), settings.tls_mode),
            (5432, "postgres", TlsMode::Prefer)
        );
        assert!(settings.password.is_none());
    }

    #[test]
    fn invalid_url_is_rejected_with_the_reason() {
        let error = |text: &str| text.parse::<DatabaseUrl>().unwrap_err().to_string();
        assert_eq!(error("mysql://localhost/x"), "begins with mysql:// instead of postgres://");
        assert_eq!(error("postgres://localhost/"), "names no database; it should end like /name");
        assert!(error("localhost").starts_with("not a URL like"));
        assert!(error("postgres://localhost/x?sslmode=maybe").starts_with("has sslmode=maybe"));
    }
}
