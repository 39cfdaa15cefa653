//! The bearer tokens of clusters, from a mounted Secret or a file.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::{Duration, Instant},
};

use ccx_messages::{ClusterId, OrgId};
use ccx_service::error_chain;
use sha2::{Digest as _, Sha256};
use snafu::{OptionExt, ResultExt, Snafu, ensure};

use crate::digest::{BlindedDigest, Blinding, TokenDigest, equal_in_constant_time};

/// How often the files are read again, when requests arrive.
const RELOAD_INTERVAL: Duration = Duration::from_secs(10);

/// Most tokens; each takes about 100 bytes.
const MAX_TOKENS: usize = 100_000;

/// Longest file, in bytes.
const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;

/// Begins a line with the digest of a token instead of the token.
const DIGEST_PREFIX: &str = "sha256:";

/// The tokens can't be used. No message repeats a token.
#[derive(Debug, Snafu)]
pub enum ClusterTokensError {
    /// A file or directory can't be read.
    #[snafu(display("failed to read the cluster tokens in {}", path.display()))]
    Read {
        /// The file or directory.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A file is too large.
    #[snafu(display("{} is larger than {MAX_FILE_BYTES} bytes", path.display()))]
    FileTooLarge {
        /// The file.
        path: PathBuf,
    },
    /// A file of the directory does not have the name of an organisation.
    #[snafu(display("the file {} is not named by an organisation id", path.display()))]
    FileName {
        /// The file.
        path: PathBuf,
    },
    /// A line is not an organisation and a token.
    #[snafu(display("{}:{line}: is not {expected}", path.display()))]
    Line {
        /// The file.
        path: PathBuf,
        /// The number of the line; the first is 1.
        line: usize,
        /// The expected form.
        expected: &'static str,
    },
    /// One token has two owners.
    #[snafu(display("{}:{line}: the token is also that of another organisation or cluster", path.display()))]
    TwoOwners {
        /// The file.
        path: PathBuf,
        /// The number of the line; the first is 1.
        line: usize,
    },
    /// There are too many.
    #[snafu(display("more than {MAX_TOKENS} cluster tokens"))]
    TooMany,
}

/// The owner of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TokenOwner {
    pub(crate) org_id: OrgId,
    /// The cluster, if the token is that of one.
    pub(crate) cluster_id: Option<ClusterId>,
}

/// The bearer tokens of clusters, read again when their files change.
#[derive(Debug)]
pub(crate) struct ClusterTokens {
    path: PathBuf,
    table: RwLock<Arc<TokenTable>>,
    checked: Mutex<Instant>,
}

impl ClusterTokens {
    /// Reads the tokens.
    pub(crate) fn load(path: &Path) -> Result<Self, ClusterTokensError> {
        let table = TokenTable::read(path)?;
        tracing::info!(path = %path.display(), tokens = table.len(), "cluster tokens loaded");
        Ok(Self {
            path: path.to_owned(),
            table: RwLock::new(Arc::new(table)),
            checked: Mutex::new(Instant::now()),
        })
    }

    /// Returns the owner of a token.
    pub(crate) async fn owner(self: &Arc<Self>, token: &str) -> Option<TokenOwner> {
        if self.is_due() {
            let tokens = Arc::clone(self);
            // A panic is reported by the runtime; the previous table stays.
            let _ = tokio::task::spawn_blocking(move || tokens.reload()).await;
        }
        let table = Arc::clone(&self.table.read().unwrap_or_else(PoisonError::into_inner));
        table.owner(token)
    }

    /// Returns whether this request reads the files again. The others don't wait for it.
    fn is_due(&self) -> bool {
        let Ok(mut checked) = self.checked.try_lock() else { return false };
        let is_due = checked.elapsed() >= RELOAD_INTERVAL;
        if is_due {
            *checked = Instant::now();
        }
        is_due
    }

    fn reload(&self) {
        let current = Arc::clone(&self.table.read().unwrap_or_else(PoisonError::into_inner));
        match TokenTable::read(&self.path) {
            Ok(table) if table.source == current.source => {}
            Ok(table) => {
                tracing::info!(path = %self.path.display(), tokens = table.len(), "cluster tokens reloaded");
                *self.table.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(table);
            }
            Err(error) => {
                let error = error_chain(&error);
                tracing::warn!(error, "reload of the cluster tokens rejected, keeping the previous set");
            }
        }
    }
}

/// The owners by the digests of their tokens.
struct TokenTable {
    blinding: Blinding,
    owners: HashMap<[u8; 8], Vec<(BlindedDigest, TokenOwner)>>,
    /// The digest of the files.
    source: [u8; 32],
}

impl TokenTable {
    /// Reads a directory with a file for each organisation, or a file with an organisation on each line.
    fn read(path: &Path) -> Result<Self, ClusterTokensError> {
        let mut table =
            Self { blinding: Blinding::random(), owners: HashMap::new(), source: <[u8; 32]>::default() };
        let mut source = Sha256::new();
        if fs::metadata(path).context(ReadSnafu { path })?.is_dir() {
            for file in files_in(path)? {
                let name = file.file_name().and_then(|name| name.to_str());
                let org_id =
                    name.and_then(|name| name.parse().ok()).context(FileNameSnafu { path: &file })?;
                let text = text_of(&file)?;
                source.update(name.unwrap_or_default());
                source.update(&text);
                table.add_lines(&file, &text, |line| Some((org_id, line)))?;
            }
        } else {
            let text = text_of(path)?;
            source.update(&text);
            table.add_lines(path, &text, organization_and_token)?;
        }
        table.source = source.finalize().into();
        Ok(table)
    }

    /// Returns the number of tokens.
    fn len(&self) -> usize {
        self.owners.values().map(Vec::len).sum()
    }

    /// Returns the owner of a token.
    fn owner(&self, token: &str) -> Option<TokenOwner> {
        self.owner_of(&self.blinding.blind(TokenDigest::new(token)))
    }

    fn owner_of(&self, digest: &BlindedDigest) -> Option<TokenOwner> {
        let candidates = self.owners.get(&prefix(digest))?;
        candidates.iter().find(|(other, _)| equal_in_constant_time(other, digest)).map(|&(_, owner)| owner)
    }

    fn add_lines<'a>(
        &mut self,
        path: &Path,
        text: &'a str,
        parse: impl Fn(&'a str) -> Option<(OrgId, &'a str)>,
    ) -> Result<(), ClusterTokensError> {
        for (index, line) in text.lines().map(str::trim).enumerate() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let line_error = |expected| LineSnafu { path, line: index + 1, expected };
            let (org_id, rest) =
                parse(line).context(line_error("<organisation id> <token>, separated by a space"))?;
            let mut words = rest.split_whitespace();
            let token = words.next().unwrap_or_default();
            let cluster_id = words.next().map(str::parse).transpose().ok();
            let cluster_id = cluster_id.filter(|_| words.next().is_none());
            let cluster_id = cluster_id.context(line_error("a token and, at most, the id of its cluster"))?;
            let digest = match token.strip_prefix(DIGEST_PREFIX) {
                Some(hex) => TokenDigest::from_hex(hex)
                    .context(line_error("sha256: and 64 hexadecimal digits, without a space"))?,
                None => TokenDigest::new(token),
            };
            let digest = self.blinding.blind(digest);
            let owner = TokenOwner { org_id, cluster_id };
            match self.owner_of(&digest) {
                Some(other) if other != owner => return TwoOwnersSnafu { path, line: index + 1 }.fail(),
                Some(_) => {}
                None => self.owners.entry(prefix(&digest)).or_default().push((digest, owner)),
            }
            ensure!(self.owners.len() <= MAX_TOKENS, TooManySnafu);
        }
        Ok(())
    }
}

impl std::fmt::Debug for TokenTable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenTable").field("tokens", &self.len()).finish_non_exhaustive()
    }
}

fn prefix(digest: &BlindedDigest) -> [u8; 8] {
    let mut prefix = [0; 8];
    prefix.copy_from_slice(&digest[..8]);
    prefix
}

fn organization_and_token(line: &str) -> Option<(OrgId, &str)> {
    let (org_id, token) = line.split_once([' ', '\t', ','])?;
    Some((org_id.trim().parse().ok()?, token.trim()))
}

/// Returns the files of a directory in the order of their names. Kubernetes keeps hidden directories beside those of a Secret.
fn files_in(directory: &Path) -> Result<Vec<PathBuf>, ClusterTokensError> {
    let path = directory;
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).context(ReadSnafu { path })? {
        let entry = entry.context(ReadSnafu { path })?;
        if !entry.file_name().as_encoded_bytes().starts_with(b".") {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}

fn text_of(path: &Path) -> Result<String, ClusterTokensError> {
    let length = fs::metadata(path).context(ReadSnafu { path })?.len();
    ensure!(length <= MAX_FILE_BYTES, FileTooLargeSnafu { path });
    fs::read_to_string(path).context(ReadSnafu { path })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:3c469e9d6c5875d37a43f353d4f88e61fcf812c66eee3457465a40b0da4153e0"; // of "token"

    fn table(text: &str) -> Result<TokenTable, String> {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("tokens");
        fs::write(&file, text).unwrap();
        let shown = format!("{}/", directory.path().display());
        TokenTable::read(&file).map_err(|error| error.to_string().replace(&shown, ""))
    }

    fn organization(table: &TokenTable, token: &str) -> Option<u32> {
        table.owner(token).map(|owner| owner.org_id.get())
    }

    #[test]
    fn file_with_a_line_for_each_token_is_read() {
        let table = table(&format!("# clusters\n\n1 a=\n2,b\n3\t{DIGEST}\n1 a=\n")).unwrap();
        assert_eq!(["a=", "b", "token"].map(|token| organization(&table, token)), [1, 2, 3].map(Some));
        assert_eq!([DIGEST, "", "c", "1 a="].map(|token| organization(&table, token)), [None; 4]);
        assert_eq!(table.len(), 3);
    }

    #[test]
    fn line_without_an_organisation_or_token_is_named_without_the_token() {
        let expected = "tokens:2: is not <organisation id> <token>, separated by a space";
        for line in ["hunter2", "0 hunter2", "acme hunter2"] {
            assert_eq!(table(&format!("1 a\n{line}")).unwrap_err(), expected, "{line}");
        }
        for line in ["1 hunter2 x", "1 hunter2 34c3ecc5-624a-49a5-bab8-4fdc5e51a266 y"] {
            let error = table(line).unwrap_err();
            assert_eq!(error, "tokens:1: is not a token and, at most, the id of its cluster");
        }
        assert!(table("1 sha256:00").unwrap_err().contains("64 hexadecimal digits"));
        let twice = table("1 hunter2\n2 hunter2").unwrap_err();
        assert_eq!(twice, "tokens:2: the token is also that of another organisation or cluster");
    }

    #[test]
    fn token_of_one_cluster_names_it() {
        let id = "34c3ecc5-624a-49a5-bab8-4fdc5e51a266";
        let table = table(&format!("1 a {id}\n1 b\n")).unwrap();
        let cluster = |token: &str| table.owner(token).unwrap().cluster_id.map(|id| id.to_string());
        assert_eq!((cluster("a").as_deref(), cluster("b")), (Some(id), None));
    }

    #[test]
    fn mounted_secret_has_a_file_for_each_organisation() {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("..2026_01_01")).unwrap();
        fs::write(directory.path().join("1"), "a\nb\n").unwrap();
        fs::write(directory.path().join("2"), "c").unwrap();
        let table = TokenTable::read(directory.path()).unwrap();
        assert_eq!(["a", "b", "c"].map(|token| organization(&table, token)), [1, 1, 2].map(Some));
        fs::write(directory.path().join("acme"), "d").unwrap();
        let error = TokenTable::read(directory.path()).unwrap_err().to_string();
        assert!(error.ends_with("acme is not named by an organisation id"), "{error}");
    }

    #[tokio::test]
    async fn changed_file_is_read_again_and_a_broken_one_keeps_the_previous_tokens() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("tokens");
        fs::write(&file, "1 a").unwrap();
        let tokens = Arc::new(ClusterTokens::load(&file).unwrap());
        let organization = async |token: &str| tokens.owner(token).await.map(|owner| owner.org_id.get());
        assert_eq!(organization("a").await, Some(1));

        fs::write(&file, "2 b").unwrap();
        tokens.reload();
        assert_eq!((organization("a").await, organization("b").await), (None, Some(2)));
        fs::write(&file, "b").unwrap();
        tokens.reload();
        assert_eq!(organization("b").await, Some(2));
    }

    #[tokio::test]
    async fn request_after_the_interval_reads_the_file_again() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("tokens");
        fs::write(&file, "1 a").unwrap();
        let tokens = Arc::new(ClusterTokens::load(&file).unwrap());
        fs::write(&file, "2 b").unwrap();
        assert_eq!(tokens.owner("b").await, None);
        *tokens.checked.lock().unwrap() = Instant::now().checked_sub(RELOAD_INTERVAL).unwrap();
        assert_eq!(tokens.owner("b").await.unwrap().org_id.get(), 2);
    }
}
