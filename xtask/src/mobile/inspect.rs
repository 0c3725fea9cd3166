//! What has to hold for a library that is handed out, read from the library itself.

use std::{fmt::Display, fs, path::Path};

use object::{
    Architecture, Object, ObjectSymbol,
    elf::{DF_TEXTREL, DT_FLAGS, DT_NEEDED, DT_TEXTREL, DynamicFlags, PF_W, PF_X, PT_LOAD},
    endian::LittleEndian,
    macho::{PLATFORM_IOS, PLATFORM_IOSSIMULATOR, PLATFORM_MACOS, Platform},
    read::{
        archive::ArchiveFile,
        elf::{ElfFile64, ProgramHeader},
        macho::{LoadCommandVariant, MachOFile64},
    },
};

use super::{System, Target, bionic};
use crate::step::Failure;

const PAGE: u64 = 16_384;
/// One of the functions that bindings call.
const ENTRY: &str = "uniffi_naru_uniffi_fn_func_live_objects";

/// A shared library for Android.
pub(crate) fn shared(path: &Path, target: &Target) -> Result<(), Failure> {
    let bytes = read(path)?;
    let wrong = |what: String| Failure::Other(format!("{}: {what}", path.display()));
    let failed = |error: object::Error| wrong(error.to_string());
    let elf = ElfFile64::<LittleEndian>::parse(&*bytes).map_err(failed)?;
    if elf.architecture() != architecture(target) {
        return Err(wrong(format!("is for {:?}", elf.architecture())));
    }
    let endian = LittleEndian;
    for segment in elf.elf_program_headers() {
        let (flags, align) = (segment.p_flags(endian), segment.p_align(endian));
        if flags.contains(PF_X) && flags.contains(PF_W) {
            return Err(wrong("has a segment to write and to run".into()));
        }
        let offset = segment.p_offset(endian) % PAGE;
        if segment.p_type(endian) == PT_LOAD
            && (align < PAGE || segment.p_vaddr(endian) % PAGE != offset)
        {
            return Err(wrong("does not load on pages of 16 KB".into()));
        }
    }
    let table = elf.elf_dynamic_table().map_err(failed)?;
    let known = bionic::libraries();
    for entry in &table {
        let text_relocations = entry.tag == DT_TEXTREL
            || entry.tag == DT_FLAGS && DynamicFlags(entry.val).contains(DF_TEXTREL);
        if text_relocations {
            return Err(wrong("relocates its text".into()));
        }
        if entry.tag == DT_NEEDED {
            let name = String::from_utf8_lossy(table.string(entry).map_err(failed)?);
            if !known.iter().any(|library| library.name == name) {
                return Err(wrong(format!("needs {name}")));
            }
        }
    }
    let is_known = |name: &str, weak: bool| {
        let mut symbols = known.iter().flat_map(|library| &library.symbols);
        symbols.any(|symbol| symbol.name == name && (symbol.always || weak))
    };
    let mut has_entry = false;
    for symbol in elf.dynamic_symbols() {
        let name = symbol.name().map_err(failed)?;
        has_entry |= name == ENTRY && symbol.is_definition();
        if symbol.is_undefined() && !name.is_empty() && !is_known(name, symbol.is_weak()) {
            return Err(wrong(format!("wants {name}, which Android may not have")));
        }
    }
    if !has_entry {
        return Err(wrong(format!("has no {ENTRY}")));
    }
    let size = bytes.len() as u64;
    eprintln!("        {size} bytes");
    match target.budget {
        Some(budget) if size > budget => Err(wrong(format!(
            "has {size} bytes, {} too many",
            size - budget
        ))),
        _ => Ok(()),
    }
}

/// A static library: every member is for the target, and one has what bindings call.
pub(crate) fn archive(path: &Path, target: &Target) -> Result<(), Failure> {
    let bytes = read(path)?;
    let wrong = |what: &dyn Display| Failure::Other(format!("{}: {what}", path.display()));
    let archive = ArchiveFile::parse(&*bytes).map_err(|error| wrong(&error))?;
    let mut has_entry = false;
    for member in archive.members() {
        let member = member.map_err(|error| wrong(&error))?;
        let data = member.data(&*bytes).map_err(|error| wrong(&error))?;
        let name = String::from_utf8_lossy(member.name());
        // Beside objects there are tables of the archive itself.
        let Ok(object) = object::File::parse(data) else {
            continue;
        };
        if object.architecture() != architecture(target) {
            return Err(wrong(&format!("{name} is for {:?}", object.architecture())));
        }
        if let Some(wanted) = platform(target.system)
            && let Some(built) = built_for(data)
            && built != wanted
        {
            return Err(wrong(&format!("{name} is for another system")));
        }
        let entry = |symbol: object::Symbol<'_, '_>| {
            symbol.is_definition()
                && symbol
                    .name()
                    .is_ok_and(|name| name.trim_start_matches('_') == ENTRY)
        };
        has_entry |= object.symbols().any(entry);
    }
    if has_entry {
        Ok(())
    } else {
        Err(wrong(&format!("has no {ENTRY}")))
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| Failure::Other(format!("{}: {error}", path.display())))
}

fn architecture(target: &Target) -> Architecture {
    if target.triple.starts_with("aarch64") {
        Architecture::Aarch64
    } else {
        Architecture::X86_64
    }
}

fn platform(system: System) -> Option<Platform> {
    match system {
        System::Android => None,
        System::Ios => Some(PLATFORM_IOS),
        System::IosSimulator => Some(PLATFORM_IOSSIMULATOR),
        System::MacOs => Some(PLATFORM_MACOS),
    }
}

/// The system that a Mach-O object says it is for.
fn built_for(data: &[u8]) -> Option<Platform> {
    let file = MachOFile64::<object::Endianness>::parse(data).ok()?;
    let mut commands = file.macho_load_commands().ok()?;
    while let Some(command) = commands.next().ok()? {
        if let Ok(LoadCommandVariant::BuildVersion(version, _)) = command.variant() {
            return Some(version.platform.get(file.endian()));
        }
    }
    None
}
