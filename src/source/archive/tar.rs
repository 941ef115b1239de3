//! The members of a tar, which may be compressed as a whole, in the order in which they stand there.
//!
//! Invariant: a tar is read forwards only. A stream that has come to the end of a member is kept, so that whoever reads the
//! next member goes on from there; one that lies before it is read from the start.

use std::collections::{BTreeSet, HashMap};
use std::io::{self, Read};

use tar::{EntryType, Header, PaxExtensions};
use tokio::runtime::Handle;

use super::cache::{self, Key};
use super::{Members, gone, lost};
use crate::error::FileError;
use crate::source::read_error::io_error;
use crate::source::root::{Opened, Root, Version};
use crate::source::text::{Damaged, SourceText};

pub(super) const BLOCK: usize = 512;

/// A name or extended header that is longer is not one.
const MOST_METADATA: u64 = 1024 * 1024;

/// Whether a tar may begin with this block.
pub(super) fn is_header(block: &[u8]) -> bool {
    block.len() == BLOCK && &block[257..262] == b"ustar" && has_checksum(Header::from_byte_slice(block))
}

fn has_checksum(header: &Header) -> bool {
    let bytes = header.as_bytes();
    let sum: u32 =
        bytes.iter().zip(0..).map(|(b, at)| if (148..156).contains(&at) { 32 } else { u32::from(*b) }).sum();
    header.cksum().is_ok_and(|stored| stored == sum)
}

/// A tar that is being read.
pub(super) struct TarStream {
    bytes: SourceText<'static>,
    /// What is left of the member, and of the padding behind it.
    left: u64,
    padding: u64,
    /// The names of the members so far.
    passed: BTreeSet<String>,
    /// Whether the last block was one that ends a tar.
    has_ended: bool,
    /// Whether reading has failed, so that nobody can go on.
    has_failed: bool,
    version: Version,
}

/// A member that the stream has come to.
struct Found {
    name: String,
    size: u64,
    problem: Option<String>,
}

impl TarStream {
    pub(super) fn open(root: &Root, path: &str) -> Result<Self, FileError> {
        let opened = Handle::current().block_on(root.read(path))?;
        let bytes = SourceText::new(opened.input).map_err(|e| io_error(path, &e))?;
        Ok(Self {
            bytes,
            left: 0,
            padding: 0,
            passed: BTreeSet::new(),
            has_ended: false,
            has_failed: false,
            version: opened.version,
        })
    }

    /// Goes to the next member; none at the end.
    fn next(&mut self) -> io::Result<Option<Found>> {
        self.find_next().map_err(own_damage)
    }

    fn find_next(&mut self) -> io::Result<Option<Found>> {
        let (mut long_name, mut extended) = (None, HashMap::new());
        loop {
            self.skip()?;
            let mut block = [0; BLOCK];
            match self.bytes.read(&mut block[..1])? {
                0 if self.has_ended => return Ok(None),
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                _ => self.bytes.read_exact(&mut block[1..])?,
            }
            // Such blocks end a tar. Another one may follow.
            if block.iter().all(|b| *b == 0) {
                self.has_ended = true;
                continue;
            }
            self.has_ended = false;
            let header = Header::from_byte_slice(&block);
            if !has_checksum(header) {
                return Err(malformed("a tar header is damaged"));
            }
            let size = extended.get("size").and_then(|size: &String| size.parse().ok());
            let size = size
                .map_or_else(|| header.entry_size().map_err(|_| malformed("a tar header has no size")), Ok)?;
            self.left = size;
            self.padding = (BLOCK as u64 - size % BLOCK as u64) % BLOCK as u64;
            match header.entry_type() {
                EntryType::GNULongName => {
                    let name = self.metadata()?;
                    long_name = Some(name.strip_suffix(b"\0").unwrap_or(&name).to_vec());
                }
                EntryType::XHeader => extended = pax(&self.metadata()?)?,
                kind @ (EntryType::Regular
                | EntryType::Continuous
                | EntryType::GNUSparse
                | EntryType::Link
                | EntryType::Symlink) => {
                    let name = long_name.unwrap_or_else(|| header.path_bytes().into_owned());
                    let name = extended
                        .remove("path")
                        .unwrap_or_else(|| String::from_utf8_lossy(&name).into_owned());
                    let name = name.trim_start_matches("./").to_owned();
                    self.passed.insert(name.clone());
                    let has_holes = extended.keys().any(|key| key.starts_with("GNU.sparse"));
                    return Ok(Some(Found { name, size, problem: problem(kind, has_holes) }));
                }
                // Folders, and settings for all members.
                _ => (long_name, extended) = (None, HashMap::new()),
            }
        }
    }

    fn skip(&mut self) -> io::Result<()> {
        let wanted = self.left.checked_add(self.padding).ok_or_else(|| malformed("a member is too long"))?;
        let skipped = io::copy(&mut self.bytes.by_ref().take(wanted), &mut io::sink())?;
        (self.left, self.padding) = (0, 0);
        if skipped < wanted { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
    }

    fn metadata(&mut self) -> io::Result<Vec<u8>> {
        if self.left > MOST_METADATA {
            return Err(malformed("a tar header is too long"));
        }
        let mut bytes = Vec::new();
        self.by_ref().read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

/// Why a member cannot be read, if it cannot.
fn problem(kind: EntryType, has_holes: bool) -> Option<String> {
    match kind {
        EntryType::Link | EntryType::Symlink => {
            Some("is a link to another file: unpack the archive first".into())
        }
        EntryType::GNUSparse => Some(HOLES.into()),
        _ => has_holes.then(|| HOLES.into()),
    }
}

const HOLES: &str = "is stored with holes: unpack the archive first";

/// What is wrong with the tar itself; its compression and its storage name their own faults.
fn own_damage(e: io::Error) -> io::Error {
    let is_own =
        e.kind() == io::ErrorKind::UnexpectedEof || e.get_ref().is_some_and(|cause| cause.is::<Malformed>());
    if is_own { Damaged::archive(&e) } else { e }
}

/// What no tar holds.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Malformed(&'static str);

fn malformed(what: &'static str) -> io::Error {
    io::Error::other(Malformed(what))
}

fn pax(bytes: &[u8]) -> io::Result<HashMap<String, String>> {
    let read = |one: io::Result<tar::PaxExtension<'_>>| {
        let one = one.ok()?;
        // Keys that say nothing of the member may hold any bytes.
        Some((one.key().ok()?.to_owned(), String::from_utf8_lossy(one.value_bytes()).into_owned()))
    };
    let all: Option<_> = PaxExtensions::new(bytes).map(read).collect();
    all.ok_or_else(|| malformed("an extended tar header is damaged"))
}

/// The bytes of the member.
impl Read for TarStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.bytes.by_ref().take(self.left).read(buffer);
        self.has_failed |= read.is_err();
        let n = read?;
        self.left -= n as u64;
        if n == 0 && self.left > 0 && !buffer.is_empty() {
            return Err(own_damage(io::ErrorKind::UnexpectedEof.into()));
        }
        Ok(n)
    }
}

/// The members, as far as the tar can be read.
///
/// # Errors
/// What is wrong with the compression of the tar, for then any member may be wrong.
pub(super) fn members(stream: &mut TarStream) -> io::Result<Members> {
    let mut found = Members::default();
    loop {
        match stream.next() {
            Ok(Some(member)) => found.add(member.name, member.size, member.problem),
            Ok(None) => return Ok(found),
            Err(e) if !stream.bytes.is_plain() && !Damaged::is_cut(&e) => return Err(e),
            Err(e) => {
                found.cut = Some(lost(&e));
                return Ok(found);
            }
        }
    }
}

/// Opens the member of this name.
pub(super) fn open_member(root: &Root, path: &str, name: &str) -> Result<Opened, FileError> {
    let version = Handle::current().block_on(root.version(path))?;
    let key = Key::new(root, path, &version);
    let mut stream = match cache::TARS.take(&key, |stream| !stream.passed.contains(name)) {
        Some(stream) => stream,
        None => TarStream::open(root, path)?,
    };
    let version = stream.version.clone();
    let key = Key::new(root, path, &version);
    loop {
        let found = stream.next().map_err(|e| io_error(path, &e))?.ok_or_else(|| gone(path))?;
        if found.name != name {
            continue;
        }
        if let Some(problem) = found.problem {
            return Err(FileError::permanent(path, None, problem));
        }
        let version = Version { size: found.size, text: version.text };
        let input = Box::new(TarMember { key, stream: Some(stream) });
        return Ok(Opened { input, version, file: None, unpack: None });
    }
}

/// A member while it is read; its stream goes to whoever reads the next one.
struct TarMember {
    key: Key,
    stream: Option<TarStream>,
}

impl Read for TarMember {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.as_mut().map_or(Ok(0), |stream| stream.read(buffer))
    }
}

impl Drop for TarMember {
    fn drop(&mut self) {
        if let Some(stream) = self.stream.take().filter(|stream| !stream.has_failed) {
            cache::TARS.put(self.key.clone(), stream);
        }
    }
}
