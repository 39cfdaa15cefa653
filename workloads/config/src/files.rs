//! The files that a configuration names.

use std::{fs::File, path::Path};

use crate::{Config, Problem};

impl Config {
    /// Returns a problem for each file or directory that is named and can't be opened.
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
    let error = File::open(path).err()?;
    Some(Problem::new(key, format!("names {}, which can't be read: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

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
