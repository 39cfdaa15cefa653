//! Secret values.

use std::{fmt, fs, path::PathBuf};

use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, Serializer};
use snafu::{ResultExt, Snafu};

use crate::Problem;

/// The text that stands for a secret wherever one would be printed.
pub(crate) const HIDDEN: &str = "********";

/// A secret's file can't be read.
#[derive(Debug, Snafu)]
#[snafu(display("failed to read the secret file {}", path.display()))]
pub struct SecretError {
    path: PathBuf,
    source: std::io::Error,
}

/// A secret text. It is printed as `********` in any form, and its memory is wiped.
///
/// ```
/// use ccx_config::Secret;
///
/// let password = Secret::from("hunter2".to_owned());
/// assert!(!format!("{password:?}").contains("hunter2"));
/// assert_eq!(password.expose(), "hunter2");
/// ```
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Secret(#[schemars(with = "String")] SecretString);

impl Secret {
    /// Returns the text. Never log it, never put it on a command line.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Returns the text of `file` if there is one, without a final line break, else `inline`.
    ///
    /// The file is read at every call, so a rotated secret takes effect with the next connection.
    pub(crate) fn resolve(
        inline: Option<&Self>,
        file: Option<&PathBuf>,
    ) -> Result<Option<Self>, SecretError> {
        let Some(path) = file else { return Ok(inline.cloned()) };
        let text = fs::read_to_string(path).context(SecretSnafu { path })?;
        Ok(Some(Self::from(text.trim_end_matches(['\r', '\n']).to_owned())))
    }
}

/// Returns the problem of a secret that is given twice, by a key and by the key with `_file`.
pub(crate) fn check_given_once<T>(key: &str, inline: Option<&T>, file: Option<&PathBuf>) -> Option<Problem> {
    let reason = format!("and {key}_file are both set; remove one of them");
    (inline.is_some() && file.is_some()).then(|| Problem::new(key, reason))
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(SecretString::from(text))
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(HIDDEN)
    }
}

/// A map that is formatted by its names only: its values may be secrets.
pub(crate) struct HiddenValues<'a, K, V>(pub(crate) &'a std::collections::BTreeMap<K, V>);

impl<K: fmt::Debug, V> fmt::Debug for HiddenValues<'_, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.keys().map(|name| (name, HIDDEN))).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secret_is_not_printed_in_any_form() {
        #[derive(Serialize)]
        struct Holder {
            password: Secret,
        }
        let secret = Secret::from("hunter2".to_owned());
        assert!(!format!("{secret:?}").contains("hunter2"));
        assert_eq!(toml::to_string(&Holder { password: secret }).unwrap(), "password = \"********\"\n");
    }

    #[test]
    fn resolve_prefers_the_file_and_names_a_missing_one() {
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
