//! Android's system libraries, as far as a linker needs them: their names and those of their functions.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use object::{
    Architecture, BinaryFormat, Endianness, SymbolFlags, SymbolKind, SymbolScope,
    write::{Object, StandardSection, Symbol, SymbolSection},
};

use crate::{
    step::{Failure, run},
    tools::ensure_packages,
};

const LIST: &str = include_str!("bionic.txt");
/// What the standard library asks for besides, and another part of libnaru has.
const EMPTY: [&str; 2] = ["libunwind.a", "libgcc.a"];
const EMPTY_ARCHIVE: &[u8] = b"!<arch>\n";

/// One of Android's libraries.
pub(crate) struct Library {
    pub(crate) name: &'static str,
    pub(crate) symbols: Vec<Imported>,
}

/// A function of one.
pub(crate) struct Imported {
    pub(crate) name: &'static str,
    /// Whether the oldest Android that is supported has it.
    pub(crate) always: bool,
}

/// The libraries of the list.
pub(crate) fn libraries() -> Vec<Library> {
    let mut libraries: Vec<Library> = Vec::new();
    let lines = LIST.lines().map(str::trim);
    for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if line.ends_with(".so") {
            libraries.push(Library {
                name: line,
                symbols: Vec::new(),
            });
        } else if let Some(library) = libraries.last_mut() {
            let name = line.trim_end_matches(" ?");
            library.symbols.push(Imported {
                name,
                always: name == line,
            });
        }
    }
    libraries
}

/// A folder of stand-ins to link against, and what links.
pub(crate) struct Sysroot {
    pub(crate) folder: PathBuf,
    pub(crate) linker: PathBuf,
}

impl Sysroot {
    pub(crate) fn make(root: &Path, triple: &str) -> Result<Self, Failure> {
        let folder = root.join("target/bionic").join(triple);
        let failed = |error: &dyn std::fmt::Display| {
            Failure::Other(format!("stand-ins for Android's libraries: {error}"))
        };
        fs::create_dir_all(&folder).map_err(|error| failed(&error))?;
        for name in EMPTY {
            fs::write(folder.join(name), EMPTY_ARCHIVE).map_err(|error| failed(&error))?;
        }
        let linker = lld()?;
        for library in libraries() {
            let object = definitions(&library, triple)
                .write()
                .map_err(|error| failed(&error))?;
            let path = folder.join(library.name).with_extension("o");
            fs::write(&path, object).map_err(|error| failed(&error))?;
            run(Command::new(&linker)
                .args(flavor(&linker))
                .args(["-shared", "-soname", library.name, "-o"])
                .arg(folder.join(library.name))
                .arg(path))?;
        }
        Ok(Self { folder, linker })
    }
}

/// An object in which every function of a library is, at no place in particular.
fn definitions(library: &Library, triple: &str) -> Object<'static> {
    let architecture = if triple.starts_with("aarch64") {
        Architecture::Aarch64
    } else {
        Architecture::X86_64
    };
    let mut object = Object::new(BinaryFormat::Elf, architecture, Endianness::Little);
    let text = object.section_id(StandardSection::Text);
    object.append_section_data(text, &[0; 16], 16);
    for symbol in &library.symbols {
        object.add_symbol(Symbol {
            name: symbol.name.as_bytes().to_vec(),
            value: 0,
            size: 0,
            kind: SymbolKind::Text,
            scope: SymbolScope::Dynamic,
            weak: false,
            section: SymbolSection::Section(text),
            flags: SymbolFlags::None,
        });
    }
    object
}

/// The toolchain's lld, else Debian's.
fn lld() -> Result<PathBuf, Failure> {
    let print = |what: &[&str]| {
        let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let output = Command::new(rustc).args(what).output().ok()?;
        String::from_utf8(output.stdout).ok()
    };
    let own = print(&["--print", "target-libdir"])
        .map(|folder| Path::new(folder.trim()).with_file_name("bin/rust-lld"));
    if let Some(own) = own.filter(|path| path.exists()) {
        return Ok(own);
    }
    let debian = "/usr/bin/ld.lld-22";
    ensure_packages(&[debian], &["lld-22"])?;
    Ok(debian.into())
}

/// What tells an lld of several faces which one is meant.
pub(crate) fn flavor(linker: &Path) -> &'static [&'static str] {
    if linker.ends_with("rust-lld") {
        &["-flavor", "gnu"]
    } else {
        &[]
    }
}
