//! The files that a configuration names.

use std::{fs, path::Path};

use crate::{Config, Problem};

impl Config {
    /// Returns a problem for each file or directory that is named and can't be read, and for each secret, certificate or key
    /// whose file has another content.
    ///
    /// The configuration of one workload may name files that exist only for another one, so workloads do not
    /// run this check.
    pub fn file_problems(&self) -> Vec<Problem> {
        let files = [
            ("kafka.ca_file", &self.kafka.ca_file),
            ("kafka.certificate_file", &self.kafka.certificate_file),
            ("kafka.key_file", &self.kafka.key_file),
            ("kafka.sasl_password_file", &self.kafka.sasl_password_file),
            ("object_storage.ca_file", &self.object_storage.ca_file),
            ("object_storage.access_key_id_file", &self.object_storage.access_key_id_file),
            ("object_storage.secret_access_key_file", &self.object_storage.secret_access_key_file),
            ("database.ca_file", &self.database.ca_file),
            ("database.password_file", &self.database.password_file),
            ("insights_core.config_file", &self.insights_core.config_file),
            ("auth.cluster_tokens", &self.auth.cluster_tokens),
            ("ingress.gathering_rules", &self.ingress.gathering_rules),
            ("auth.oidc.ca_file", &self.auth.oidc.ca_file),
            ("auth.rbac.ca_file", &self.auth.rbac.ca_file),
            (
                "smart_proxy.account_management.client_secret_file",
                &self.smart_proxy.account_management.client_secret_file,
            ),
            ("smart_proxy.account_management.ca_file", &self.smart_proxy.account_management.ca_file),
            ("web.secret_file", &self.web.secret_file),
            ("web.login.client_secret_file", &self.web.login.client_secret_file),
            ("writer.org_allowlist_file", &self.writer.org_allowlist_file),
        ];
        let files = files.into_iter().filter_map(|(key, path)| Some((key, path.as_deref()?)));
        let sources = self.rules.directories.iter().map(|path| ("rules.directories", path.as_path()));
        let trees = self.rules.content_directories.iter();
        let trees = trees.map(|path| ("rules.content_directories", path.as_path()));
        files.chain(sources).chain(trees).filter_map(|(key, path)| problem(key, path)).collect()
    }
}

fn problem(key: &str, path: &Path) -> Option<Problem> {
    if path.as_os_str().is_empty() {
        return Some(Problem::new(key, "is empty; name a file, or remove it"));
    }
    let reason = match kind(key) {
        Kind::Any => match fs::File::open(path) {
            Ok(_) => return None,
            Err(error) => format!("which can't be read: {error}"),
        },
        kind => match fs::read(path) {
            Ok(content) => kind.fault(&content)?.to_owned(),
            Err(error) => format!("which can't be read: {error}"),
        },
    };
    Some(Problem::new(key, format!("names {}, {reason}", path.display())))
}

/// The content of a file that a key names.
#[derive(Clone, Copy)]
enum Kind {
    Secret,
    Certificates,
    PrivateKey,
    Any,
}

fn kind(key: &str) -> Kind {
    let name = key.rsplit('.').next().unwrap_or(key);
    match name {
        "ca_file" | "certificate_file" => Kind::Certificates,
        "key_file" => Kind::PrivateKey,
        _ if name.ends_with("password_file")
            || name.ends_with("secret_file")
            || name.starts_with("access_key_id")
            || name.starts_with("secret_access_key") =>
        {
            Kind::Secret
        }
        _ => Kind::Any,
    }
}

impl Kind {
    /// Returns what is wrong with the content of a file, to be read after its name.
    fn fault(self, content: &[u8]) -> Option<&'static str> {
        let has = |label: &str| content.windows(label.len()).any(|part| part == label.as_bytes());
        match self {
            Self::Secret if content.trim_ascii().is_empty() => Some("which is empty"),
            Self::Secret if std::str::from_utf8(content).is_err() => Some("which is no text in UTF-8"),
            Self::Certificates if !has("-----BEGIN CERTIFICATE-----") => {
                Some("which has no certificate in PEM form (BEGIN CERTIFICATE)")
            }
            Self::PrivateKey if !has("PRIVATE KEY-----") => {
                Some("which has no private key in PEM form (BEGIN PRIVATE KEY)")
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn file_with_other_content_is_a_problem() {
        let folder = std::env::temp_dir().join(format!("ccx-files-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let file = |name: &str, content: &[u8]| -> PathBuf {
            fs::write(folder.join(name), content).unwrap();
            folder.join(name)
        };
        let reason = |key: &str, path: &Path| problem(key, path).map(|problem| problem.reason);
        let key = file("key", b"-----BEGIN PRIVATE KEY-----\nx");
        let certificate = file("certificate", b"text\n-----BEGIN CERTIFICATE-----\nx");
        let password = file("password", b"pw\n");
        for (name, path, expected) in [
            ("kafka.ca_file", &certificate, None),
            ("kafka.ca_file", &key, Some("no certificate in PEM form")),
            ("database.ca_file", &password, Some("no certificate in PEM form")),
            ("kafka.key_file", &key, None),
            ("kafka.key_file", &certificate, Some("no private key in PEM form")),
            ("kafka.sasl_password_file", &password, None),
            ("kafka.sasl_password_file", &file("empty", b"\n"), Some("which is empty")),
            ("web.secret_file", &file("binary", &[0xff, 0xfe]), Some("no text in UTF-8")),
            ("database.password_file", &folder, Some("which can't be read: Is a directory")),
            ("database.password_file", &PathBuf::new(), Some("is empty; name a file")),
            ("rules.directories", &PathBuf::new(), Some("is empty; name a file")),
            ("rules.directories", &folder, None),
        ] {
            let told = reason(name, path);
            match expected {
                None => assert_eq!(told, None, "{name} {}", path.display()),
                Some(expected) => assert!(
                    told.as_ref().is_some_and(|told| told.contains(expected)),
                    "{name} {}: {told:?}",
                    path.display()
                ),
            }
        }
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn file_problems_name_key_path_and_cause() {
        let mut config = Config::default();
        assert_eq!(config.file_problems(), []);
        config.database.ca_file = Some("/nonexistent/ca.pem".into());
        config.rules.directories = vec!["/nonexistent/rules".into(), std::env::temp_dir()];
        let problems: Vec<String> = config.file_problems().iter().map(ToString::to_string).collect();
        assert_eq!(problems.len(), 2, "{problems:?}");
        assert!(
            problems[0]
                .starts_with("database.ca_file names /nonexistent/ca.pem, which can't be read: No such file"),
            "{problems:?}"
        );
    }
}
