//! Latency of the disk.

use std::fs;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::time::Instant;

use super::super::error::Error;
use super::super::numbers::median;

/// Number of writes, each of a page.
const WRITES: usize = 200;
const PAGE: [u8; 4096] = [0x5a; 4096];

/// Returns the median time in which a page of a file is overwritten and synchronized, in seconds. Stores synchronize more per commit,
/// because their files grow; this is the least.
pub(super) fn fsync_seconds(folder: &Path) -> Result<f64, Error> {
    let path = folder.join("fsync");
    let failed = |error: std::io::Error| Error::io(&path, &error);
    fs::create_dir_all(folder).map_err(failed)?;
    let mut file = fs::File::create(&path).map_err(failed)?;
    for _ in 0..WRITES {
        file.write_all(&PAGE).map_err(failed)?;
    }
    file.sync_all().map_err(failed)?;
    file.seek(SeekFrom::Start(0)).map_err(failed)?;
    let mut times = Vec::with_capacity(WRITES);
    for _ in 0..WRITES {
        let began = Instant::now();
        file.write_all(&PAGE).and_then(|()| file.sync_data()).map_err(failed)?;
        times.push(began.elapsed().as_secs_f64());
    }
    fs::remove_file(&path).map_err(failed)?;
    median(times.into_iter()).ok_or_else(|| Error::new("no writes"))
}
