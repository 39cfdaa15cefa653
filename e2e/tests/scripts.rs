//! The scripts in `hack/` on machines that lack a program, or a network, or are interrupted. Programs are
//! replaced by small ones in a folder that comes first in `PATH`.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::{
    env, fs,
    os::unix::{fs::PermissionsExt as _, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use ccx_e2e::root;
use ccx_test_support::{eventually, send_signal};

/// A machine with programs and folders of its own.
struct Machine(tempfile::TempDir);

/// The exit code, standard output and standard error of a script.
#[derive(Debug)]
struct Outcome {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Machine {
    fn new() -> Self {
        let machine = Self(tempfile::tempdir().unwrap());
        for folder in ["bin", "home", "cache", "tmp"] {
            fs::create_dir(machine.path(folder)).unwrap();
        }
        // Those of rustup find no toolchain in another home.
        let machine = machine.with_program("cargo", "echo cargo 1.999.0");
        let machine = machine.with_program("rustc", "echo host: a-host");
        // Nothing is installed on this machine.
        machine.with_program("apt-get", "exit 100").with_program("sudo", "exit 1")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Adds a program that comes before the real one of this name.
    fn with_program(self, name: &str, script: &str) -> Self {
        self.write(&format!("bin/{name}"), &format!("#!/bin/bash\n{script}\n"));
        self
    }

    /// Writes an executable file.
    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Returns the command of a script, or of a file of this machine.
    fn command(&self, script: impl AsRef<Path>) -> Command {
        let path = format!("{}:{}", self.path("bin").display(), env::var("PATH").unwrap());
        // Signals that the caller ignores can't be trapped.
        let mut command = Command::new("env");
        command
            .args(["--default-signal=INT", "bash"])
            .arg(root().join(script))
            .current_dir(root())
            .env("PATH", path)
            .env("HOME", self.path("home"))
            .env("XDG_CACHE_HOME", self.path("cache"))
            .env("TMPDIR", self.path("tmp"))
            .envs([("CI", ""), ("CCX_TEST_KUBECONFIG", ""), ("CCX_TEST_KAFKA_SASL", "")])
            .env_remove("CARGO_HOME")
            .stdin(Stdio::null());
        command
    }

    fn run(&self, script: impl AsRef<Path>, arguments: &[&str]) -> Outcome {
        outcome(self.command(script).args(arguments))
    }

    /// Returns the names in a folder.
    fn names(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(folder)).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

fn outcome(command: &mut Command) -> Outcome {
    let output = command.output().unwrap();
    let [stdout, stderr] =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    Outcome { code: output.status.code(), stdout, stderr }
}

#[test]
fn running_server_is_recognized_without_ps() {
    let machine = Machine::new();
    machine.write(
        "script",
        r#"
        source hack/lib/server.sh
        ps() { return 127; }
        folder=$(mktemp -d)
        trap 'rm -rf "$folder"' EXIT
        server_start "$folder" bash -c "sleep 60; : $folder"
        server_alive "$folder" || exit 1
        server_stop "$folder" KILL
        ! server_alive "$folder"
        "#,
    );
    let outcome = machine.run(machine.path("script"), &[]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
}

/// Writes a part of the result, and fails as without a network.
const FAILING_MAVEN: &str = r#"
for argument; do case "$argument" in -DoutputDirectory=*) echo half >"${argument#*=}/kafka.jar" ;; esac; done
echo "[ERROR] Unknown host repo.maven.apache.org" >&2
exit 1"#;

#[test]
fn failed_download_of_kafka_is_explained_and_leaves_nothing() {
    let machine = Machine::new().with_program("mvn", FAILING_MAVEN).with_program("java", "exit 0");
    let outcome = machine.run("hack/kafka.sh", &["up"]);
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert!(
        outcome.stderr.contains("Unknown host") && outcome.stderr.contains("is Maven Central reachable?")
    );
    assert_eq!(machine.names("cache/ccx"), Vec::<String>::new());
}

#[test]
fn half_copied_kafka_is_fetched_again() {
    let maven = r#"
        for argument; do case "$argument" in -DoutputDirectory=*) new=${argument#*=} ;; esac; done
        echo whole >"$new/kafka.jar""#;
    let machine = Machine::new().with_program("mvn", maven).with_program("java", "exit 1");
    let jar = machine.path("cache/ccx/kafka-0/kafka.jar");
    fs::create_dir_all(jar.parent().unwrap()).unwrap();
    fs::write(&jar, "half").unwrap();
    let data = machine.path("tmp/kafka");
    let outcome =
        outcome(machine.command("hack/kafka.sh").arg("up").env("KAFKA_VERSION", "0").env("KAFKA_DATA", data));
    assert!(outcome.stderr.contains("failed to format"), "this java can't do more: {outcome:?}");
    assert_eq!(fs::read_to_string(&jar).unwrap(), "whole\n");
    assert_eq!(machine.names("cache/ccx"), ["kafka-0"]);
}

#[test]
fn command_runs_without_kafka_and_knows_why() {
    let machine = Machine::new().with_program("mvn", FAILING_MAVEN).with_program("java", "exit 0");
    let print = ["run", "bash", "-c", "echo \"reason: $CCX_TEST_KAFKA_FAILURE\""];
    let outcome = machine.run("hack/kafka.sh", &print);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(outcome.stdout.starts_with("reason: kafka.sh: failed to fetch Kafka"), "{outcome:?}");
    assert_eq!(machine.names("tmp"), Vec::<String>::new());
}

/// Ends with a status of its own at Ctrl-C, as Java, Go and npm do.
const SLOW_MAVEN: &str = r#"
trap 'exit 1' INT
touch "$HOME/started"
while true; do sleep 0.1; done"#;

#[test]
fn ctrl_c_ends_a_script_that_waits_for_a_download() {
    let machine = Machine::new().with_program("mvn", SLOW_MAVEN).with_program("java", "exit 0");
    let mut command = machine.command("hack/kafka.sh");
    command.args(["run", "touch"]).arg(machine.path("home/went-on")).process_group(0);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    eventually("the download begins", || machine.path("home/started").exists().then_some(()));
    let group = format!("-{}", child.id());
    assert!(send_signal("INT", &group));
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(!machine.path("home/went-on").exists());
    assert_eq!((machine.names("tmp"), machine.names("cache/ccx")), (Vec::new(), Vec::new()));
    assert!(!send_signal("0", &group));
}

/// Fails without a word, as when it is killed.
const FAILING_GO: &str = "exit 1";

#[test]
fn failed_build_of_kubernetes_is_not_taken_for_a_finished_one() {
    let machine = Machine::new().with_program("go", FAILING_GO);
    let old = machine.path("kubernetes/bin/kube");
    fs::create_dir_all(old.parent().unwrap()).unwrap();
    fs::write(&old, "built from other sources").unwrap();
    fs::set_permissions(&old, fs::Permissions::from_mode(0o755)).unwrap();
    let up = || {
        let mut command = machine.command("hack/kubernetes.sh");
        let data = machine.path("tmp/data");
        outcome(
            command.arg("up").env("KUBERNETES_HOME", machine.path("kubernetes")).env("KUBERNETES_DATA", data),
        )
    };
    for _ in 0..2 {
        let outcome = up();
        assert_eq!(outcome.code, Some(1), "{outcome:?}");
        assert!(outcome.stderr.contains("failed to build Kubernetes"), "{outcome:?}");
        assert!(outcome.stderr.contains("is the module proxy reachable"), "{outcome:?}");
    }
    assert_eq!(machine.names("tmp"), Vec::<String>::new());
}

#[test]
fn failed_build_of_the_s3_service_is_explained_and_leaves_nothing() {
    let go = r#"echo half >"$GOBIN/versitygw"; echo "dial tcp: connection refused" >&2; exit 1"#;
    let machine = Machine::new().with_program("go", go);
    let outcome = machine.run("hack/s3.sh", &["build"]);
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert!(outcome.stderr.contains("connection refused"), "{outcome:?}");
    assert!(outcome.stderr.contains("is the module proxy reachable (go env GOPROXY)?"), "{outcome:?}");
    let folders = machine.names("cache/ccx");
    assert_eq!(machine.names(&format!("cache/ccx/{}", folders[0])), Vec::<String>::new());
}

#[test]
fn failed_download_of_definitions_is_explained_and_leaves_nothing() {
    let go = r#"printf '{\n\t"Error": "dial tcp: connection refused"\n}\n'; exit 1"#;
    let machine =
        Machine::new().with_program("go", go).with_program("mvn", "exit 1").with_program("java", "exit 1");
    let outcome = machine.run("hack/extensions.sh", &["definitions"]);
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert!(outcome.stderr.contains("connection refused"), "{outcome:?}");
    assert!(outcome.stderr.contains("failed to fetch the Go module github.com/kedacore"), "{outcome:?}");
    assert_eq!(machine.names("cache/ccx"), Vec::<String>::new());
}

/// Returns a machine with the part of a checkout that assembles the page.
fn page_machine(npm: &str) -> Machine {
    let machine = Machine::new().with_program("npm", npm).with_program("node", "echo assembled");
    machine.write("checkout/hack/web.sh", &fs::read_to_string(root().join("hack/web.sh")).unwrap());
    machine.write("checkout/workloads/web/package-lock.json", "{}");
    machine
}

#[test]
fn page_is_plain_when_the_npm_registry_is_unreachable() {
    let npm = r#"case "$1" in config) echo https://registry.test/ ;; *) mkdir -p node_modules/half; exit 1 ;; esac"#;
    let machine = page_machine(npm);
    let script = machine.path("checkout/hack/web.sh");
    let outcome_of_demo = machine.run(&script, &[]);
    assert_eq!(outcome_of_demo.code, Some(0), "{outcome_of_demo:?}");
    assert!(outcome_of_demo.stderr.contains("plain styles"), "{outcome_of_demo:?}");
    assert!(outcome_of_demo.stderr.contains("is https://registry.test/ reachable?"), "{outcome_of_demo:?}");
    assert_eq!(machine.run(&script, &["packages"]).code, Some(1), "tests of the page need them");
    assert_eq!(outcome(machine.command(&script).env("CI", "true")).code, Some(1));

    let repaired = machine.with_program("npm", "mkdir -p node_modules");
    let outcome = repaired.run(&script, &[]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(0), "assembled\n"), "{outcome:?}");
}

#[test]
fn toolchain_that_is_too_old_is_updated_by_rustup() {
    let machine = Machine::new().with_program("cargo", "echo cargo 1.80.0").with_program("rustup", "exit 0");
    let outcome = machine.run("hack/install-dependencies.sh", &[]);
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert!(outcome.stderr.contains("cargo 1.80.0\n    rustup update stable\n"), "{outcome:?}");
}

#[test]
fn go_that_is_too_old_is_told_and_the_rest_goes_on() {
    let machine = Machine::new()
        .with_program("go", "echo go version go1.19.8 linux/amd64")
        .with_program("apt-cache", "echo '  Candidate: 2:1.19~1'");
    let outcome = machine.run("hack/install-dependencies.sh", &["servers"]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(outcome.stderr.contains("Continuing without these"), "{outcome:?}");
    assert!(outcome.stderr.contains("Go 1.26 or newer (or 1.21, which fetches it)"), "{outcome:?}");
}

/// Creates virtual environments in which every module exists, and whose pip has this outcome.
fn python(pip: &str) -> String {
    format!(
        r#"
        case "$1" in --version) echo Python 3.13.0 && exit ;; -c) exit ;; esac
        folder=${{@: -1}} && rm -rf "$folder" && mkdir -p "$folder/bin"
        printf '#!/bin/sh\n' >"$folder/bin/python3"
        printf '#!/bin/sh\n{pip}\n' >"$folder/bin/pip"
        chmod +x "$folder"/bin/*"#
    )
}

#[test]
fn virtual_environment_that_is_incomplete_is_made_again() {
    let machine = Machine::new().with_program("python3", &python("touch \"$0.has-run\""));
    // What an interrupted pip has left: the module is there, its dependencies are not.
    machine.write("cache/ccx/python/bin/python3", "#!/bin/sh\n");
    let install = |machine: &Machine| machine.run("hack/install-dependencies.sh", &["python"]);
    let outcome = install(&machine);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(machine.path("cache/ccx/python/bin/pip.has-run").exists(), "{outcome:?}");
    assert_eq!(install(&machine).stderr, "", "it is complete now");

    let machine = machine.with_program("python3", &python("exit 1"));
    fs::remove_file(machine.path("cache/ccx/python/ccx-package")).unwrap();
    let outcome = install(&machine);
    assert!(outcome.stderr.contains("is PyPI reachable?"), "{outcome:?}");
    assert!(!machine.path("cache/ccx/python").exists());
}

#[test]
fn images_are_not_loaded_when_the_programs_are_missing() {
    let machine = Machine::new();
    let mut command = machine.command("e2e/cluster/cluster.sh");
    command.arg("images").env("CARGO_TARGET_DIR", machine.path("target"));
    let outcome = outcome(command.env("KUBERNETES_HOME", machine.path("kubernetes")));
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert!(outcome.stderr.trim_end().ends_with("that you name here"), "{outcome:?}");
}

#[test]
fn fuzzing_ends_when_a_target_fails_to_build_and_goes_on_after_a_finding() {
    let cargo = r#"
        while [ $# -gt 0 ]; do case "$1" in --bin) bin=$2 ;; --target) host=$2 ;; --target-dir) folder=$2 ;; esac; shift; done
        [ "$bin" != "$FAILS" ] || exit 101
        mkdir -p "$folder/$host/release"
        printf '#!/bin/sh\n[ "${0##*/}" = read ] && exit 77\n:\n' >"$folder/$host/release/$bin"
        chmod +x "$folder/$host/release/$bin""#;
    let machine = Machine::new().with_program("cargo", cargo);
    machine.write("checkout/hack/fuzz.sh", &fs::read_to_string(root().join("hack/fuzz.sh")).unwrap());
    let fuzz = |fails: &str, targets: &[&str]| {
        outcome(machine.command(machine.path("checkout/hack/fuzz.sh")).args(targets).env("FAILS", fails))
    };
    let found = fuzz("", &["read", "inputs"]);
    assert_eq!(found.code, Some(1), "{found:?}");
    assert!(
        found.stderr.contains("fuzzing inputs") && found.stderr.contains("findings in read:"),
        "{found:?}"
    );
    assert_eq!(fuzz("", &["inputs"]).code, Some(0));
    let failed = fuzz("inputs", &["inputs", "expression"]);
    assert_eq!((failed.code, failed.stderr.as_str()), (Some(101), ""), "nothing is fuzzed");
    assert_eq!(fuzz("", &["inputs", "input"]).code, Some(2));
}

/// Stands in for cargo: two tests, of which the second has a requirement.
const FAKE_CARGO: &str = r#"
case "$*" in
  *--exact*) echo "test b::two ... ok" ;;
  *) printf 'test a::one ... ok\ntest b::two ... ignored, needs %s\n' "$NEEDS" ;;
esac"#;

/// Runs `hack/test.sh` with the fake cargo; returns its exit code and output.
fn run_tests(needs: &str, ci: &str) -> (Option<i32>, String) {
    let machine = Machine::new().with_program("cargo", FAKE_CARGO);
    let mut command = machine.command("hack/test.sh");
    command.envs([("NEEDS", needs), ("CI", ci), ("CCX_TEST_KUBERNETES_FAILURE", "kubernetes.sh: no go")]);
    let outcome = outcome(command.env("CCX_REFERENCE", machine.path("home")));
    assert_eq!(machine.names("tmp"), Vec::<String>::new());
    (outcome.code, outcome.stdout)
}

#[test]
fn test_script_runs_ignored_tests_whose_needs_are_met() {
    let (code, text) = run_tests("built programs", "");
    assert_eq!(code, Some(0), "{text}");
    // The program of this test is in the same folder as the others, if they are built.
    let is_built = text.ends_with("test b::two ... ok\n");
    assert!(is_built || text.contains("NOT RUN: 1 test, for want of built programs"), "{text}");
}

#[test]
fn test_script_reports_what_did_not_run_how_to_get_it_and_why_it_failed() {
    let (code, text) = run_tests("Kubernetes, published samples", "");
    assert_eq!(code, Some(0), "{text}");
    assert!(
        text.contains("NOT RUN: 1 test, for want of Kubernetes, published samples\n  Kubernetes: Go 1.26"),
        "{text}"
    );
    assert!(text.contains("then make test\n    (kubernetes.sh: no go)\n  published samples: set"), "{text}");
    assert!(text.ends_with("the original services\n"), "{text}");
}

#[test]
fn test_script_fails_in_ci_unless_the_need_is_optional() {
    assert_eq!(run_tests("Kubernetes", "true").0, Some(1));
    assert_eq!(run_tests("cluster with pods", "true").0, Some(0));
    assert_eq!(run_tests("an unknown need", "true").0, Some(1));
}
