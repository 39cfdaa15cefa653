//! Errors of the database client, in one line for people.

use std::{error::Error, fmt, ops::Deref};

/// An error of the client. Its text is the message of the server, or the cause of a failed connection, without the parts that
/// concern the source of either program.
#[derive(Debug)]
pub struct SqlError(sqlx::Error);

impl From<sqlx::Error> for SqlError {
    fn from(error: sqlx::Error) -> Self {
        Self(error)
    }
}

impl Deref for SqlError {
    type Target = sqlx::Error;

    fn deref(&self) -> &sqlx::Error {
        &self.0
    }
}

impl fmt::Display for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            sqlx::Error::Database(error) => f.write_str(error.message()),
            sqlx::Error::PoolTimedOut => {
                f.write_str("no answer in time; is a PostgreSQL server at this address and port?")
            }
            sqlx::Error::Io(error) => write_connection_error(f, &error.to_string()),
            sqlx::Error::Tls(error) => write_connection_error(f, &error.to_string()),
            error => error.fmt(f),
        }
    }
}

impl Error for SqlError {}

/// Writes the cause of a failed connection, and what to do about a certificate.
fn write_connection_error(f: &mut fmt::Formatter<'_>, cause: &str) -> fmt::Result {
    const HINTS: [(&str, &str); 3] = [
        ("UnknownIssuer", "; name the authority that has signed it in database.ca_file"),
        ("NotValidForName", "; it is for another name than database.host"),
        ("Expired", "; renew it"),
    ];
    let hint = HINTS.iter().find(|(part, _)| cause.contains(part)).map_or("", |(_, hint)| hint);
    write!(f, "{cause}{hint}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_has_one_line_with_the_cause_and_what_to_do() {
        let refused = sqlx::Error::Io(std::io::Error::from_raw_os_error(111));
        assert_eq!(SqlError::from(refused).to_string(), "Connection refused (os error 111)");
        let unknown = std::io::Error::other("invalid peer certificate: UnknownIssuer");
        assert_eq!(
            SqlError::from(sqlx::Error::Io(unknown)).to_string(),
            "invalid peer certificate: UnknownIssuer; name the authority that has signed it in database.ca_file"
        );
        assert!(SqlError::from(sqlx::Error::PoolTimedOut).to_string().contains("is a PostgreSQL server"));
    }
}
