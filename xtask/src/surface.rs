//! What apps for phones can call, written down in `bindings/uniffi/surface.txt`, so that a change of it is
//! seen in review.

use std::{fmt::Write, fs, path::Path};

use uniffi_bindgen::{
    BindgenLoader, ComponentInterface,
    interface::{Argument, Enum, Field, Object, Type},
};

use crate::{bindings, step::Failure};

const FILE: &str = "bindings/uniffi/surface.txt";

/// Writes the surface down.
pub(crate) fn write(root: &Path) -> Result<(), Failure> {
    fs::write(root.join(FILE), surface(root)?).map_err(|error| failed(&error))
}

/// Holds the surface against what is written down.
pub(crate) fn check(root: &Path) -> Result<(), Failure> {
    let written = fs::read_to_string(root.join(FILE)).map_err(|error| failed(&error))?;
    let found = surface(root)?;
    if written == found {
        return Ok(());
    }
    let (old, new): (Vec<_>, Vec<_>) = (written.lines().collect(), found.lines().collect());
    for gone in old.iter().filter(|line| !new.contains(line)) {
        eprintln!("    - {gone}");
    }
    for added in new.iter().filter(|line| !old.contains(line)) {
        eprintln!("    + {added}");
    }
    Err(Failure::Other(format!(
        "apps can call something else than {FILE} says; if that is meant, `cargo xtask surface` renews it"
    )))
}

fn surface(root: &Path) -> Result<String, Failure> {
    let library = bindings::utf8(&bindings::build(root)?)?;
    let loader = BindgenLoader::new(bindings::paths(root)?, Default::default());
    let interfaces = loader
        .load_metadata(&library)
        .and_then(|metadata| loader.load_cis(metadata))
        .map_err(|error| failed(&error))?;
    let mut items: Vec<String> = interfaces.iter().flat_map(items).collect();
    items.sort();
    Ok(items.join("\n"))
}

fn items(interface: &ComponentInterface) -> Vec<String> {
    let functions = interface.function_definitions().iter().map(|function| {
        let (returned, thrown) = (function.return_type(), function.throws_name());
        let signature = signature(
            function.is_async(),
            function.name(),
            &function.arguments(),
            returned,
            thrown,
        );
        format!("function {signature}\n")
    });
    let records = interface.record_definitions().iter().map(|record| {
        let fields = record
            .fields()
            .iter()
            .map(|it| format!("    {}\n", field(it)));
        format!("record {}\n{}", record.name(), fields.collect::<String>())
    });
    functions
        .chain(records)
        .chain(interface.enum_definitions().iter().map(enumeration))
        .chain(interface.object_definitions().iter().map(object))
        .collect()
}

fn object(object: &Object) -> String {
    let kind = if object.has_callback_interface() {
        "interface of the app"
    } else {
        "object"
    };
    let mut text = format!("{kind} {}\n", object.name());
    for constructor in object.constructors() {
        let signature = signature(
            constructor.is_async(),
            constructor.name(),
            &constructor.arguments(),
            None,
            constructor.throws_name(),
        );
        // A string takes all that is written to it.
        let _ = writeln!(text, "    constructor {signature}");
    }
    for method in object.methods() {
        let (returned, thrown) = (method.return_type(), method.throws_name());
        let arguments = method.arguments();
        let signature = signature(
            method.is_async(),
            method.name(),
            &arguments,
            returned,
            thrown,
        );
        let _ = writeln!(text, "    {signature}");
    }
    text
}

fn enumeration(enumeration: &Enum) -> String {
    let variants = enumeration.variants().iter().map(|variant| {
        let fields: Vec<_> = variant.fields().iter().map(field).collect();
        format!("    {}({})\n", variant.name(), fields.join(", "))
    });
    format!(
        "enum {}\n{}",
        enumeration.name(),
        variants.collect::<String>()
    )
}

fn signature(
    is_async: bool,
    name: &str,
    arguments: &[&Argument],
    returned: Option<&Type>,
    thrown: Option<&str>,
) -> String {
    let awaited = if is_async { "async " } else { "" };
    let arguments: Vec<_> = arguments
        .iter()
        .map(|argument| format!("{}: {}", argument.name(), type_name(&of(*argument))))
        .collect();
    let returned = returned.map_or_else(String::new, |it| format!(" -> {}", type_name(it)));
    let thrown = thrown.map_or_else(String::new, |it| format!(" throws {it}"));
    format!(
        "{awaited}{name}({}){returned}{thrown}",
        arguments.join(", ")
    )
}

fn field(field: &Field) -> String {
    format!("{}: {}", field.name(), type_name(&of(field)))
}

fn of(item: &impl uniffi_bindgen::interface::AsType) -> Type {
    item.as_type()
}

fn type_name(of: &Type) -> String {
    match of {
        Type::Optional { inner_type } => format!("{}?", type_name(inner_type)),
        Type::Sequence { inner_type } => format!("[{}]", type_name(inner_type)),
        // Other languages know no boxes.
        Type::Box { inner_type } => type_name(inner_type),
        named => named
            .name()
            .map_or_else(|| format!("{named:?}"), str::to_owned),
    }
}

fn failed(error: &dyn std::fmt::Display) -> Failure {
    Failure::Other(format!("the surface of the phones' library: {error}"))
}
