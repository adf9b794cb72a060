//! Files that may be incomplete, because another program is writing them.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use zeroize::Zeroizing;

use super::error::CredentialError;
use super::files;

/// Time after a change during which a file may be incomplete.
const RECENT: Duration = Duration::from_secs(10);

/// Time between two reads.
const INTERVAL: Duration = Duration::from_millis(50);

/// Number of equal reads after the first one of a recent file.
const EQUAL_READS: u32 = 2;

/// The same for a file without a line break at its end, which is more likely to be incomplete.
const EQUAL_READS_UNTERMINATED: u32 = 6;

/// Maximum number of reads: two seconds.
const MAX_READS: u32 = 40;

/// The texts of the files that one read has found.
#[derive(Default)]
pub(super) struct Texts {
    texts: Vec<Zeroizing<String>>,
    /// Paths of the texts.
    paths: Vec<PathBuf>,
    is_recent: bool,
}

impl Texts {
    /// Returns the text of a file with keys, as [`files::read`].
    pub(super) fn read(
        &mut self,
        origin: &'static str,
        path: &Path,
    ) -> Result<Option<Zeroizing<String>>, CredentialError> {
        let result = files::read(origin, path);
        self.is_recent |= is_recent(path);
        if let Ok(Some(text)) = &result {
            self.texts.push(text.clone());
            self.paths.push(path.to_owned());
        }
        result
    }

    /// Returns the number of equal reads after which the files are complete.
    fn equal_reads(&self) -> u32 {
        match (self.is_recent, self.texts.iter().all(|text| text.ends_with('\n'))) {
            (false, _) => 0,
            (true, true) => EQUAL_READS,
            (true, false) => EQUAL_READS_UNTERMINATED,
        }
    }
}

fn is_recent(path: &Path) -> bool {
    let modified = path.metadata().and_then(|metadata| metadata.modified());
    modified.is_ok_and(|modified| match SystemTime::now().duration_since(modified) {
        Ok(age) => age < RECENT,
        // The clock of a file server may be ahead.
        Err(error) => error.duration() < RECENT,
    })
}

/// The reads of a fetch.
#[derive(Default)]
pub(super) struct Settling {
    previous: Option<Texts>,
    reads: u32,
    equal: u32,
}

impl Settling {
    /// Returns the time after which the files are to be read again; `None` if they are complete.
    pub(super) fn wait(&mut self, texts: Texts) -> Option<Duration> {
        let is_equal = self.previous.as_ref().is_some_and(|previous| previous.texts == texts.texts);
        self.equal = if is_equal { self.equal + 1 } else { 0 };
        self.reads += 1;
        if self.equal >= texts.equal_reads() || self.reads >= MAX_READS {
            // Once per fetch, not once per read.
            texts.paths.iter().for_each(|path| files::warn_of_permissions(path));
            return None;
        }
        self.previous = Some(texts);
        Some(INTERVAL)
    }
}
