//! API servers for these tests, with the definitions of extensions.

use ccx_test_support::eventually_async;
use std::{
    env,
    io::{BufRead as _, BufReader},
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use kube::Config;
use tokio::sync::OnceCell;

use crate::{server, test_env::TestEnv};

/// Prints the kubeconfig, and runs until its standard input closes: when this process terminates, for any
/// reason.
const KEEPER: &str = r#"echo "$KUBECONFIG" && exec cat >/dev/null"#;

/// Attempts to start a server: another process may take a port that was free a moment ago.
const STARTS: usize = 3;

static INSTALLED: OnceCell<ControlPlane> = OnceCell::const_new();

/// A Kubernetes without nodes, used by these tests only.
pub(super) struct ControlPlane {
    pub(super) config: Config,
    kubeconfig: PathBuf,
    keeper: Child,
}

/// Returns a namespace and a controller on a server with all definitions.
pub(super) async fn env() -> TestEnv {
    let plane = INSTALLED.get_or_init(async || {
        let plane = ControlPlane::bare().await;
        plane.install(&definitions()).await;
        plane
    });
    let mut env = TestEnv::on(plane.await.config.clone()).await;
    env.start_operator();
    env
}

/// Returns the folder with the definitions.
pub(super) fn definitions() -> PathBuf {
    let output = script("extensions.sh").arg("definitions").stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success(), "hack/extensions.sh failed");
    String::from_utf8(output.stdout).unwrap().trim().into()
}

impl ControlPlane {
    /// Starts one without extensions.
    pub(super) async fn bare() -> Self {
        let started = (0..STARTS).map(|_| start()).find(|(_, kubeconfig)| kubeconfig.exists());
        let (keeper, kubeconfig) = started.expect("a second Kubernetes can be started");
        let config = server::config_of(&kubeconfig).await;
        server::install(&config).await;
        Self { config, kubeconfig, keeper }
    }

    /// Installs definitions, and waits until the server serves their kinds.
    pub(super) async fn install(&self, definitions: &Path) {
        let folder = definitions.display().to_string();
        self.kubectl(&["apply", "--server-side", "--filename", &folder]);
        self.kubectl(&["wait", "--for=condition=Established", "--timeout=120s", "--filename", &folder]);
        let client = kube::Client::try_from(self.config.clone()).unwrap();
        eventually_async("all groups are served", async || {
            let groups = client.list_api_groups().await.unwrap();
            groups.groups.iter().any(|group| group.name == "kafka.strimzi.io").then_some(())
        })
        .await;
    }

    pub(super) fn kubectl(&self, arguments: &[&str]) {
        let mut command = script("kubernetes.sh");
        command.arg("kubectl").args(arguments).env("KUBERNETES_DATA", self.kubeconfig.parent().unwrap());
        let output = command.output().unwrap();
        assert!(
            output.status.success(),
            "kubectl {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    /// Stops the server without waiting for its process, which terminates by itself.
    pub(super) fn end(mut self) {
        drop(self.keeper.stdin.take());
    }
}

/// Starts a server. Returns its process and its kubeconfig, which does not exist if the start failed.
fn start() -> (Child, PathBuf) {
    let mut command = script("kubernetes.sh");
    // With this variable, the script would use the server of the other tests.
    command.args(["run", "bash", "-c", KEEPER]).env_remove("CCX_TEST_KUBECONFIG").process_group(0);
    let mut keeper = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut kubeconfig = String::new();
    BufReader::new(keeper.stdout.take().unwrap()).read_line(&mut kubeconfig).unwrap();
    (keeper, kubeconfig.trim().into())
}

fn script(name: &str) -> Command {
    let mut command = Command::new("bash");
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../hack").join(name)).stdin(Stdio::null());
    command
}
