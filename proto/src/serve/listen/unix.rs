//! The Unix socket: a fresh name, closed to other users, within the length that the kernel allows.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::TempPath;
use tokio::net::UnixListener;

use super::{ListenError, ListenOptions};

/// Bytes that a socket's path may have, the closing zero not counted: the least of the systems that we know (BSD: 104).
const LONGEST_PATH: usize = 103;
const PREFIX: &str = "plugin";
const RANDOM: usize = 10;

/// Binds. `None` when no directory is short enough, and none was asked for.
pub(super) fn bind(place: &ListenOptions) -> Result<Option<(UnixListener, TempPath)>, ListenError> {
    let Some(directory) = directory(place.directory.as_deref(), std::env::temp_dir()) else { return Ok(None) };
    let in_directory = |source| ListenError::Socket { directory: directory.clone(), source };
    let (listener, path) = tempfile::Builder::new()
        .prefix(PREFIX)
        .rand_bytes(RANDOM)
        .make_in(&directory, |path| UnixListener::bind(path))
        .map_err(in_directory)?
        .into_parts();
    let mut mode = 0o600;
    if let Some(group) = &place.group {
        let number = group_number(group).ok_or_else(|| ListenError::Group { group: group.clone() })?;
        std::os::unix::fs::chown(&path, None, Some(number)).map_err(in_directory)?;
        mode = 0o660;
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).map_err(in_directory)?;
    Ok(Some((listener, path)))
}

/// The directory that was asked for; else the temporary one, or `/tmp` if that is too deep.
fn directory(asked: Option<&Path>, temporary: PathBuf) -> Option<PathBuf> {
    match asked {
        // Its mounts are arranged for this directory: another one would not be reachable.
        Some(asked) => Some(asked.to_owned()),
        None => [temporary, PathBuf::from("/tmp")].into_iter().find(|directory| fits(directory) && directory.is_dir()),
    }
}

fn fits(directory: &Path) -> bool {
    directory.as_os_str().as_bytes().len() + 1 + PREFIX.len() + RANDOM <= LONGEST_PATH
}

/// A group's number, from its name or from its number as text.
fn group_number(group: &str) -> Option<u32> {
    let named = fs::read_to_string("/etc/group").ok().and_then(|groups| find_group(&groups, group));
    named.or_else(|| group.parse().ok())
}

/// The number of `name` in the text of `/etc/group`: `name:password:number:members`.
fn find_group(groups: &str, name: &str) -> Option<u32> {
    groups.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next() == Some(name)).then(|| fields.nth(1)?.parse().ok())?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(directory: &Path) -> ListenOptions {
        ListenOptions { directory: Some(directory.to_owned()), ..ListenOptions::default() }
    }

    #[tokio::test]
    async fn the_socket_lies_where_it_was_asked_for_and_goes_with_its_site() {
        let directory = tempfile::tempdir().unwrap();
        let (_listener, file) = bind(&place(directory.path())).unwrap().unwrap();
        let path = file.to_path_buf();
        assert!(path.starts_with(directory.path()) && path.exists());
        drop(file);
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn other_users_cannot_connect() {
        let directory = tempfile::tempdir().unwrap();
        let (_listener, file) = bind(&place(directory.path())).unwrap().unwrap();
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[tokio::test]
    async fn an_unknown_group_is_an_error() {
        let directory = tempfile::tempdir().unwrap();
        let place = ListenOptions { group: Some("no such group".into()), ..place(directory.path()) };
        assert!(matches!(bind(&place), Err(ListenError::Group { .. })));
    }

    #[test]
    fn a_temporary_directory_that_is_too_deep_gives_way() {
        let deep = PathBuf::from(format!("/{}", "d".repeat(100)));
        assert_eq!(directory(None, deep), Some(PathBuf::from("/tmp")));
    }

    #[test]
    fn groups_are_found_by_their_whole_name() {
        let groups = "root:x:0:\nstaff:x:50:a,b\nstaffers:x:51:\n";
        assert_eq!(
            [find_group(groups, "staff"), find_group(groups, "staffers"), find_group(groups, "st")],
            [Some(50), Some(51), None]
        );
    }
}
