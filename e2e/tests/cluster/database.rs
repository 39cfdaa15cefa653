//! The managed database: its password, and the cleaner that deletes old rows.

use ccx_e2e::{BACKLOG, PODS};
use ccx_messages::ClusterId;
use ccx_test_support::{eventually, eventually_within};
use serde_json::json;

use crate::story::{AGGREGATOR, DATABASE, RESOURCE, Story, WRITER, ask, conditions};

const CLEANER: &str = "cronjob/ccx-cleaner";

impl Story<'_> {
    pub(crate) fn rotated_and_replaced_database_password_keeps_the_report(&self, cluster_id: ClusterId) {
        let name = format!("ccx-{DATABASE}");
        let secret = format!("secret/{name}");
        self.while_database_clients_restart(|| {
            self.namespace.patch(&secret, &json!({"stringData": {"password": "rotated"}}));
        });
        self.wait_for_report(cluster_id);

        let before = self.pods();
        self.namespace.kubectl(&["delete", &secret]);
        eventually_within(BACKLOG, "the missing Secret is reported", || {
            let conditions = conditions(&self.namespace.get(&[RESOURCE]));
            let is_reported = conditions["Ready"].starts_with("False (SecretMissing)");
            if is_reported { Ok(()) } else { Err(conditions) }
        });
        assert_eq!(ask(&self.api(), cluster_id).status, 200, "running pods continue");
        assert!(!self.namespace.names("secrets").contains(&secret), "no other password is generated");
        assert_eq!(self.pods(), before, "no pod is restarted");
        self.while_database_clients_restart(|| self.apply_secret(&name, &json!({"password": "replaced"})));
        self.wait_for_report(cluster_id);
    }

    /// Waits until the database and its clients were replaced after a change.
    fn while_database_clients_restart(&self, change: impl FnOnce()) {
        let before = self.pods();
        change();
        for (component, old) in [(DATABASE, &before[3]), (WRITER, &before[1]), (AGGREGATOR, &before[2])] {
            self.wait_for_new_pods(component, old);
        }
        self.wait_until_ready();
    }

    pub(crate) fn connections_to_the_database_are_encrypted_while_its_certificate_is_renewed(&self) {
        let pod = self.namespace.pods(DATABASE).remove(0);
        let execute =
            |command: &[&str]| self.namespace.kubectl(&[&["exec", &pod.name, "--"], command].concat());
        let sql = "SELECT count(*) FILTER (WHERE ssl) > 0, count(*) FILTER (WHERE NOT ssl) FROM pg_stat_ssl JOIN pg_stat_activity \
                   USING (pid) WHERE client_addr IS NOT NULL";
        let connections = || {
            let psql =
                ["psql", "--host=/var/run/postgresql", "--username=ccx", "--dbname=postgres", "-tAc", sql];
            execute(&psql).trim().to_owned()
        };
        assert_eq!(connections(), "t|0", "all clients use TLS");
        let secret = format!("secret/ccx-{DATABASE}-tls");
        let before = execute(&["cat", "/tmp/loaded-tls.crt"]);
        let due =
            json!({"metadata": {"annotations": {"ccx.openshift.io/renew-after": "2026-01-01T00:00:00Z"}}});
        self.namespace.patch(&secret, &due);
        eventually_within(BACKLOG, "the server has loaded the renewed certificate", || {
            let loaded = execute(&["cat", "/tmp/loaded-tls.crt"]);
            if loaded == before { Err("the previous one") } else { Ok(()) }
        });
        assert_eq!(self.namespace.pods(DATABASE), std::slice::from_ref(&pod), "without a restart");
        assert_eq!(connections(), "t|0");
    }

    pub(crate) fn cleaner_deletes_only_what_is_old(&self, cluster_id: ClusterId) {
        // Its own schedule does not come within this test.
        let schedule =
            |max_age: &str| json!({"spec": {"cleaner": {"schedule": "0 0 29 2 *", "maxAge": max_age}}});
        self.namespace.patch(RESOURCE, &schedule("2h"));
        eventually("the CronJob exists", || {
            self.namespace.names("cronjobs").iter().any(|name| name.ends_with("/ccx-cleaner"))
        });
        self.namespace.patch(RESOURCE, &schedule("1h"));
        eventually("the CronJob has the newest age", || {
            self.namespace.get(&[CLEANER])["spec"].to_string().contains("--max-age=3600s")
        });
        self.namespace.kubectl(&["create", "job", "clean-now", &format!("--from={CLEANER}")]);
        eventually_within(PODS, "the cleaner has succeeded", || {
            let job = self.namespace.get(&["job/clean-now"]);
            if job["status"]["succeeded"] == 1 { Ok(()) } else { Err(job["status"].clone()) }
        });
        let output = self.namespace.kubectl(&["logs", "job/clean-now"]);
        assert!(output.contains("DELETED ROWS"), "{output}");
        self.wait_for_report(cluster_id);
        self.namespace.patch(RESOURCE, &json!({"spec": {"cleaner": null}}));
        eventually("the CronJob is deleted", || self.namespace.names("cronjobs").is_empty());
        self.wait_until_ready();
    }
}
