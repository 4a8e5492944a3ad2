//! Addresses of stores and of single objects: `gs://`, `s3://`, `file://`.
//! Reading one gives its normal form, so that two spellings of the same place are equal.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Words of an `s3://` address, in the order of the normal form.
const S3_WORDS: [&str; 4] = ["region", "endpoint", "use_path_style", "profile"];

/// Where a store is: `gs://BUCKET[/PREFIX]`, `s3://BUCKET[/PREFIX][?region=R&endpoint=URL&use_path_style=true&profile=P]`
/// or `file:///ABSOLUTE/DIR`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StoreUrl {
    place: Location,
}

/// Where one object is: as a [`StoreUrl`], with the object's name, to the letter, in the place of the prefix.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectUrl {
    root: Location,
    name: String,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Location {
    Gs { bucket: String, prefix: String },
    S3 { bucket: String, prefix: String, settings: S3Settings },
    File { folder: PathBuf },
}

/// How an S3 bucket is reached; the words are those of Terraform's `s3` backend.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct S3Settings {
    /// The bucket's region; the environment's when absent.
    pub region: Option<String>,
    /// The address of another store that speaks S3; Amazon's own when absent.
    pub endpoint: Option<String>,
    /// Whether the bucket stands in the path instead of the host name.
    pub use_path_style: bool,
    /// The profile of the AWS configuration files whose credentials are used.
    pub profile: Option<String>,
}

/// Why a text is no address of a store.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreUrlError {
    /// It begins as none of the three kinds.
    #[error(
        "{text:?} is not a store: write gs://BUCKET/PREFIX, s3://BUCKET/PREFIX?region=REGION or file:///ABSOLUTE/DIR"
    )]
    Scheme {
        /// What was given.
        text: String,
    },
    /// The bucket's name cannot be one.
    #[error(
        "{bucket:?} in {text:?} cannot be the name of a bucket: it has 3 to 222 small letters, digits, dashes, dots and underscores, and begins and ends with a letter or digit"
    )]
    Bucket {
        /// What was given.
        text: String,
        /// The part of it.
        bucket: String,
    },
    /// The path has a part that would be misread.
    #[error(
        "{part:?} cannot be a part of the path in {text:?}: parts are separated by single slashes, and none is empty, `.` or `..`"
    )]
    Part {
        /// What was given.
        text: String,
        /// The part of it.
        part: String,
    },
    /// A folder of this machine is not given by its whole path.
    #[error("{text:?} names no folder: write the whole path after two slashes, as in file:///home/me/checkpoints")]
    Folder {
        /// What was given.
        text: String,
    },
    /// There is a `#`.
    #[error("{text:?} has a #, which names a phase and not a store: leave out the # and what follows")]
    Fragment {
        /// What was given.
        text: String,
    },
    /// There is a setting where none is taken.
    #[error("{text:?} has settings after the question mark: only an s3:// address takes them")]
    NoSettings {
        /// What was given.
        text: String,
    },
    /// A setting that does not exist.
    #[error(
        "{word:?} in {text:?} is not a setting of an s3:// address: the settings are region, endpoint, use_path_style and profile"
    )]
    UnknownSetting {
        /// What was given.
        text: String,
        /// The unknown word.
        word: String,
    },
    /// A setting twice.
    #[error("{word} stands twice in {text:?}: leave one of them")]
    Twice {
        /// What was given.
        text: String,
        /// The word.
        word: String,
    },
    /// A setting with a value that it cannot have.
    #[error("{value:?} in {text:?} cannot be the {word}: {want}")]
    Setting {
        /// What was given.
        text: String,
        /// The word.
        word: &'static str,
        /// Its value.
        value: String,
        /// What it can be.
        want: &'static str,
    },
    /// An object was wanted and its name is missing.
    #[error("{text:?} names no object: write the object's name after the bucket, as in gs://BUCKET/OBJECT")]
    NoObject {
        /// What was given.
        text: String,
    },
}

impl StoreUrl {
    /// The address of what lies under `key` in the store: `gs://BUCKET/PREFIX/phases/2.json`.
    pub fn uri(&self, key: &str) -> String {
        self.place.uri(key)
    }

    pub(super) fn place(&self) -> &Location {
        &self.place
    }
}

impl ObjectUrl {
    pub(super) fn root(&self) -> &Location {
        &self.root
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

impl Location {
    /// The name of what lies under `key`: within the bucket, or below the root of the file system.
    pub(super) fn full_key(prefix: &str, key: &str) -> String {
        if prefix.is_empty() { key.to_owned() } else { format!("{prefix}/{key}") }
    }

    pub(super) fn uri(&self, key: &str) -> String {
        match self {
            Self::Gs { bucket, prefix } => format!("gs://{bucket}/{}", Self::full_key(prefix, key)),
            Self::S3 { bucket, prefix, .. } => format!("s3://{bucket}/{}", Self::full_key(prefix, key)),
            Self::File { folder } => format!("{}/{}", file_url(folder), escape(key)),
        }
    }
}

impl FromStr for StoreUrl {
    type Err = StoreUrlError;

    fn from_str(text: &str) -> Result<Self, StoreUrlError> {
        let raw = Raw::split(text)?;
        if text.contains('#') {
            return Err(StoreUrlError::Fragment { text: text.to_owned() });
        }
        let place = match raw.scheme {
            Scheme::File => Location::File { folder: folder(text, raw.path)? },
            Scheme::Gs | Scheme::S3 => {
                let prefix = raw.path.strip_suffix('/').unwrap_or(raw.path);
                if let Some(part) = prefix.split('/').find(|part| matches!(*part, "" | "." | ".."))
                    && !raw.path.is_empty()
                {
                    return Err(StoreUrlError::Part { text: text.to_owned(), part: part.to_owned() });
                }
                raw.in_bucket(text, prefix)?
            }
        };
        Ok(Self { place })
    }
}

impl FromStr for ObjectUrl {
    type Err = StoreUrlError;

    fn from_str(text: &str) -> Result<Self, StoreUrlError> {
        let raw = Raw::split(text)?;
        let missing = || StoreUrlError::NoObject { text: text.to_owned() };
        if raw.scheme == Scheme::File {
            let file = folder(text, raw.path)?;
            let name = file.file_name().and_then(|name| name.to_str()).map(str::to_owned).ok_or_else(missing)?;
            let folder = file.parent().map(Path::to_owned).ok_or_else(missing)?;
            return Ok(Self { root: Location::File { folder }, name });
        }
        if raw.path.is_empty() {
            return Err(missing());
        }
        Ok(Self { name: raw.path.to_owned(), root: raw.in_bucket(text, "")? })
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Location::Gs { bucket, prefix } => write_bucket(f, "gs", bucket, prefix),
            Location::S3 { bucket, prefix, settings } => {
                write_bucket(f, "s3", bucket, prefix)?;
                write!(f, "{settings}")
            }
            Location::File { folder } => f.write_str(&file_url(folder)),
        }
    }
}

impl fmt::Display for ObjectUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.root.uri(&self.name))?;
        if let Location::S3 { settings, .. } = &self.root { write!(f, "{settings}") } else { Ok(()) }
    }
}

/// The settings as they stand in an address, with their question mark; nothing when there are none.
impl fmt::Display for S3Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path_style = self.use_path_style.then(|| "true".to_owned());
        let values = [&self.region, &self.endpoint, &path_style, &self.profile];
        let mut mark = '?';
        for (word, value) in S3_WORDS.into_iter().zip(values) {
            if let Some(value) = value {
                write!(f, "{mark}{word}={}", escape(value))?;
                mark = '&';
            }
        }
        Ok(())
    }
}

fn write_bucket(f: &mut fmt::Formatter<'_>, scheme: &str, bucket: &str, prefix: &str) -> fmt::Result {
    write!(f, "{scheme}://{bucket}")?;
    if prefix.is_empty() { Ok(()) } else { write!(f, "/{prefix}") }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Gs,
    S3,
    File,
}

/// An address cut into its parts, none of them judged.
struct Raw<'a> {
    scheme: Scheme,
    bucket: &'a str,
    path: &'a str,
    query: Option<&'a str>,
}

impl<'a> Raw<'a> {
    fn split(text: &'a str) -> Result<Self, StoreUrlError> {
        let unknown = || StoreUrlError::Scheme { text: text.to_owned() };
        let (scheme, rest) = text.split_once("://").ok_or_else(unknown)?;
        let scheme = match scheme {
            "gs" => Scheme::Gs,
            "s3" => Scheme::S3,
            "file" => return Ok(Self { scheme: Scheme::File, bucket: "", path: rest, query: None }),
            _ => return Err(unknown()),
        };
        let (rest, query) = match rest.split_once('?') {
            Some((rest, query)) => (rest, Some(query)),
            None => (rest, None),
        };
        let (bucket, path) = rest.split_once('/').unwrap_or((rest, ""));
        Ok(Self { scheme, bucket, path, query })
    }

    fn in_bucket(&self, text: &str, prefix: &str) -> Result<Location, StoreUrlError> {
        let (bucket, prefix) = (self.bucket.to_owned(), prefix.to_owned());
        if !is_bucket(&bucket) {
            return Err(StoreUrlError::Bucket { text: text.to_owned(), bucket });
        }
        match (self.scheme, self.query) {
            (Scheme::S3, query) => Ok(Location::S3 { bucket, prefix, settings: settings(text, query.unwrap_or(""))? }),
            (_, Some(_)) => Err(StoreUrlError::NoSettings { text: text.to_owned() }),
            (_, None) => Ok(Location::Gs { bucket, prefix }),
        }
    }
}

fn is_bucket(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = name.as_bytes();
    (3..=222).contains(&bytes.len())
        && bytes.iter().all(|byte| plain(*byte) || matches!(byte, b'-' | b'_' | b'.'))
        && bytes.first().is_some_and(|byte| plain(*byte))
        && bytes.last().is_some_and(|byte| plain(*byte))
}

fn settings(text: &str, query: &str) -> Result<S3Settings, StoreUrlError> {
    let mut settings = S3Settings::default();
    let mut seen = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (word, value) = pair.split_once('=').unwrap_or((pair, ""));
        let known = S3_WORDS.into_iter().find(|known| *known == word);
        let word =
            known.ok_or_else(|| StoreUrlError::UnknownSetting { text: text.to_owned(), word: word.to_owned() })?;
        if seen.contains(&word) {
            return Err(StoreUrlError::Twice { text: text.to_owned(), word: word.to_owned() });
        }
        seen.push(word);
        let wrong = |want| StoreUrlError::Setting { text: text.to_owned(), word, value: value.to_owned(), want };
        let value = unescape(value).filter(|value| !value.is_empty()).ok_or_else(|| wrong("it must have a value"))?;
        match word {
            "region" => {
                let plain = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
                settings.region = Some(plain.then_some(value).ok_or_else(|| wrong("a region is such as eu-west-1"))?);
            }
            "endpoint" => {
                let endpoint = endpoint(&value)
                    .ok_or_else(|| wrong("it is an address such as https://s3.example.com, without user and query"))?;
                settings.endpoint = Some(endpoint);
            }
            "use_path_style" => {
                settings.use_path_style = value.parse().map_err(|_| wrong("it is true or false"))?;
            }
            _ => settings.profile = Some(value),
        }
    }
    Ok(settings)
}

/// An endpoint in its normal form, without a slash at its end.
fn endpoint(text: &str) -> Option<String> {
    let url = reqwest::Url::parse(text).ok()?;
    let plain = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    plain.then(|| url.as_str().trim_end_matches('/').to_owned())
}

fn folder(text: &str, path: &str) -> Result<PathBuf, StoreUrlError> {
    let wrong = || StoreUrlError::Folder { text: text.to_owned() };
    let path = unescape(path).ok_or_else(wrong)?;
    let rest = path.strip_prefix('/').map(|rest| rest.trim_end_matches('/')).filter(|rest| !rest.is_empty());
    let rest = rest.ok_or_else(wrong)?;
    if let Some(part) = rest.split('/').find(|part| matches!(*part, "" | "." | "..")) {
        return Err(StoreUrlError::Part { text: text.to_owned(), part: part.to_owned() });
    }
    // `file:///C:/checkpoints`: on Windows the path begins with the drive.
    let on_drive = cfg!(windows) && rest.as_bytes().get(1) == Some(&b':');
    Ok(PathBuf::from(if on_drive { rest.to_owned() } else { format!("/{rest}") }))
}

fn file_url(folder: &Path) -> String {
    let text = folder.to_string_lossy().replace('\\', "/");
    let slash = if text.starts_with('/') { "" } else { "/" };
    format!("file://{slash}{}", escape(&text))
}

/// Writes as `%XX` what would be read as something else.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '%' | '#' | '?' | '&' | '+' | ' ' => escaped.push_str(&format!("%{:02X}", u32::from(character))),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Reads `%XX`; nothing when what follows a percent sign is no byte, or the bytes are no text.
fn unescape(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first == b'%' {
            let digits = std::str::from_utf8(after.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(text: &str) -> StoreUrl {
        text.parse().unwrap_or_else(|error| panic!("{error}"))
    }

    fn refusal(text: &str) -> String {
        text.parse::<StoreUrl>().map(|url| url.to_string()).unwrap_err().to_string()
    }

    #[test]
    fn a_normal_form_is_written_as_it_was_read() {
        for text in [
            "gs://my-bucket",
            "gs://my.bucket_1/a/b c",
            "s3://bucket/prefix?region=eu-west-1&endpoint=http://127.0.0.1:9000&use_path_style=true&profile=ops",
            "file:///var/lib/check%20points",
        ] {
            assert_eq!(store(text).to_string(), text);
        }
    }

    #[test]
    fn spellings_of_the_same_place_are_equal() {
        for (one, other) in [
            ("gs://bucket", "gs://bucket/"),
            ("gs://bucket/a", "gs://bucket/a/"),
            ("file:///tmp/x", "file:///tmp/x/"),
            ("file:///tmp/a%20b", "file:///tmp/a b"),
            ("s3://bucket?region=eu-west-1&profile=p", "s3://bucket/?profile=p&region=eu-west-1"),
            ("s3://bucket", "s3://bucket?use_path_style=false"),
            ("s3://bucket?endpoint=http%3A%2F%2Flocalhost:9000/", "s3://bucket?endpoint=http://localhost:9000"),
        ] {
            assert_eq!(store(one), store(other));
        }
    }

    #[test]
    fn what_is_no_store_is_told_the_forms() {
        for text in ["", "bucket", "gcs://bucket/a", "https://storage.googleapis.com/b", "/var/lib/x"] {
            assert!(
                refusal(text).contains("gs://BUCKET/PREFIX, s3://BUCKET/PREFIX?region=REGION or file:///"),
                "{text}"
            );
        }
    }

    #[test]
    fn what_would_be_misread_is_refused() {
        for text in [
            "gs://",
            "gs://B",
            "gs://Bucket",
            "gs://-ab",
            "gs://bucket/a//b",
            "gs://bucket//",
            "gs://bucket/../x",
            "gs://bucket/a#2",
            "gs://bucket/a?region=x",
            "file://dir",
            "file:///",
            "file:///a/../b",
            "file:///a%ZZ",
            "s3://bucket?region=",
            "s3://bucket?region=a b",
            "s3://bucket?endpoint=localhost",
            "s3://bucket?endpoint=http://user:word@host",
            "s3://bucket?use_path_style=yes",
            "s3://bucket?region=a&region=b",
        ] {
            assert!(text.parse::<StoreUrl>().is_err(), "{text:?} was taken");
        }
    }

    #[test]
    fn an_unknown_setting_is_told_the_known_ones() {
        let text = refusal("s3://bucket?force_path_style=true");
        assert!(text.contains("\"force_path_style\"") && text.contains("region, endpoint, use_path_style and profile"));
    }

    #[test]
    fn what_lies_in_a_store_has_an_address() {
        assert_eq!(store("gs://bucket/a").uri("phases/2.json"), "gs://bucket/a/phases/2.json");
        assert_eq!(store("s3://bucket?region=eu-west-1").uri("x"), "s3://bucket/x");
        assert_eq!(store("file:///tmp/a%20b").uri("x"), "file:///tmp/a%20b/x");
    }

    #[test]
    fn an_object_keeps_its_name_to_the_letter() {
        let object = |text: &str| text.parse::<ObjectUrl>().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(object("gs://bucket/a//b/").name(), "a//b/");
        assert_eq!(object("s3://bucket/a?region=eu-west-1").to_string(), "s3://bucket/a?region=eu-west-1");
        assert_eq!(object("file:///tmp/a/b.txt").name(), "b.txt");
        assert!("gs://bucket/".parse::<ObjectUrl>().is_err());
    }
}
