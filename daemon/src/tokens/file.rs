//! `tokens.json`: read whole, replaced whole, written by one process at a time.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::Path;

use super::{Tokens, TokensError};

const FILE: &str = "tokens.json";
const NEW_FILE: &str = "tokens.json.new";
const LOCK: &str = "tokens.lock";

/// The file's tokens; none if there is no file. A file that others could read is closed to them.
pub(super) fn read(store_path: &Path) -> Result<Tokens, TokensError> {
    let path = store_path.join(FILE);
    let bytes = match read_private(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Tokens::default()),
        Err(source) => {
            return Err(TokensError::Io { doing: "read", path, source });
        }
    };
    // serde's message could repeat a token, so only the place is told.
    let tokens: Tokens = serde_json::from_slice(&bytes).map_err(|error| TokensError::Malformed {
        path: path.clone(),
        line: error.line(),
        column: error.column(),
    })?;
    match tokens.ambiguous() {
        None => Ok(tokens),
        Some(row) => Err(TokensError::Ambiguous {
            path,
            source_name: row.source.clone(),
            environment: row.environment.clone(),
        }),
    }
}

fn read_private(path: &Path) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    if file.metadata()?.mode() & 0o077 != 0 {
        file.set_permissions(Permissions::from_mode(0o600))?;
    }
    let mut bytes = Vec::new();
    io::Read::read_to_end(&mut &file, &mut bytes)?;
    Ok(bytes)
}

/// Makes the store's folder if need be, and waits until no other process writes tokens. The lock ends with
/// the file.
pub(super) fn lock(store_path: &Path) -> Result<File, TokensError> {
    let failed = |doing: &'static str, path: &Path| {
        let path = path.to_owned();
        move |source| TokensError::Io { doing, path, source }
    };
    let mut folder = DirBuilder::new();
    folder.recursive(true).mode(0o700).create(store_path).map_err(failed("make the folder", store_path))?;
    let path = store_path.join(LOCK);
    let open = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path);
    let file = open.map_err(failed("open", &path))?;
    give_to_owner(&file, store_path).map_err(failed("give away", &path))?;
    file.lock().map_err(failed("lock", &path))?;
    Ok(file)
}

/// Replaces the file; the new one is on disk when it returns. Only for the owner of the lock.
pub(super) fn write(store_path: &Path, tokens: &Tokens) -> Result<(), TokensError> {
    let path = store_path.join(FILE);
    replace(store_path, tokens).map_err(|source| TokensError::Io { doing: "write", path, source })
}

fn replace(store_path: &Path, tokens: &Tokens) -> io::Result<()> {
    let new_path = store_path.join(NEW_FILE);
    match std::fs::remove_file(&new_path) {
        // A process was killed between making it and giving it its name.
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let mut text = serde_json::to_vec_pretty(tokens)?;
    text.push(b'\n');
    let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&new_path)?;
    give_to_owner(&file, store_path)?;
    file.write_all(&text)?;
    file.sync_all()?;
    std::fs::rename(&new_path, store_path.join(FILE))?;
    File::open(store_path)?.sync_all()
}

/// Gives a file that root made to the owner of the store, so that the daemon can read what `sudo doorman
/// sources` wrote.
fn give_to_owner(file: &File, store_path: &Path) -> io::Result<()> {
    let (owner, maker) = (std::fs::metadata(store_path)?, file.metadata()?);
    if maker.uid() != 0 || owner.uid() == 0 {
        return Ok(());
    }
    fchown(file, Some(owner.uid()), Some(owner.gid()))
}
