//! Values that must not be seen.

use std::{fs, path::PathBuf};

use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, Serializer};
use snafu::{ResultExt, Snafu};

/// A secret's file can't be read.
#[derive(Debug, Snafu)]
#[snafu(display("failed to read the secret file {}", path.display()))]
pub struct SecretError {
    path: PathBuf,
    source: std::io::Error,
}

/// A secret text. It prints as `********`, whatever prints it, and its memory is wiped.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Secret(#[schemars(with = "String")] SecretString);

impl Secret {
    /// The text itself. Never log it, never put it on a command line.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// The text of `file` when one is given (a final line break is not part of it), else `inline`.
    ///
    /// The file is read at every call: a rotated secret takes effect with the next connection.
    pub(crate) fn resolve(
        inline: Option<&Self>,
        file: Option<&PathBuf>,
    ) -> Result<Option<Self>, SecretError> {
        let Some(path) = file else { return Ok(inline.cloned()) };
        let text = fs::read_to_string(path).context(SecretSnafu { path })?;
        Ok(Some(Self::from(text.trim_end_matches(['\r', '\n']).to_owned())))
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(SecretString::from(text))
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("********")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_never_printed() {
        #[derive(Serialize)]
        struct Holder {
            password: Secret,
        }
        let secret = Secret::from("hunter2".to_owned());
        assert!(!format!("{secret:?}").contains("hunter2"));
        assert_eq!(toml::to_string(&Holder { password: secret }).unwrap(), "password = \"********\"\n");
    }

    #[test]
    fn a_file_wins_over_the_inline_text_and_a_missing_one_is_named() {
        let path = std::env::temp_dir().join(format!("ccx-secret-{}", std::process::id()));
        fs::write(&path, "from file\n").unwrap();
        let inline = Secret::from("inline".to_owned());
        let text = |file: Option<&PathBuf>| {
            Secret::resolve(Some(&inline), file).map(|secret| secret.unwrap().expose().to_owned())
        };
        assert_eq!(text(None).unwrap(), "inline");
        assert_eq!(text(Some(&path)).unwrap(), "from file");
        fs::remove_file(&path).unwrap();
        assert!(text(Some(&path)).unwrap_err().to_string().contains("ccx-secret-"));
    }
}
