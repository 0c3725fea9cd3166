//! The order of a WebAssembly module's functions. A compressor only sees what lies a little way back, so
//! functions that are alike go next to each other.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    convert::Infallible,
};

use wasm_encoder::{
    CodeSection, FunctionSection, Module,
    reencode::{Error, Reencode},
};
use wasmparser::{
    BinaryReaderError, CodeSectionReader, FunctionSectionReader, Parser, Payload, TypeRef,
};

/// Bytes in a row by which two functions are alike.
const SHINGLE: usize = 6;
/// A shingle that more functions have says nothing of any of them.
const MOST_WITH_SHINGLE: usize = 200;
/// How many bytes back the next function is to be like.
const WINDOW_BYTES: usize = 8_000;

/// The same module with its functions in another order.
pub(super) fn reorder(wasm: &[u8]) -> Result<Vec<u8>, Error<Infallible>> {
    let (imported, bodies) = functions(wasm)?;
    let order = order(&bodies);
    let mut positions = vec![0; order.len()];
    for (position, at) in (0..).zip(&order) {
        if let Some(slot) = positions.get_mut(*at) {
            *slot = position;
        }
    }
    let mut module = Module::new();
    let mut moved = Moved {
        imported,
        order,
        positions,
    };
    moved.parse_core_module(&mut module, Parser::new(0), wasm)?;
    Ok(module.finish())
}

/// How many functions are imported, and the bodies of the others.
fn functions(wasm: &[u8]) -> Result<(u32, Vec<&[u8]>), BinaryReaderError> {
    let mut imported = 0;
    let mut bodies = Vec::new();
    for payload in Parser::new(0).parse_all(wasm) {
        match payload? {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    imported += u32::from(matches!(import?.ty, TypeRef::Func(_)));
                }
            }
            Payload::CodeSectionEntry(body) => bodies.push(body.as_bytes()),
            _ => {}
        }
    }
    Ok((imported, bodies))
}

/// Starts with the longest; then always the one of which most, for its length, has been in the window.
fn order(bodies: &[&[u8]]) -> Vec<usize> {
    let shingles = Shingles::of(bodies);
    let mut window = Window::new(bodies, &shingles);
    let mut left: Vec<usize> = (0..bodies.len()).collect();
    let mut order = Vec::with_capacity(left.len());
    let score = |window: &Window<'_>, function: usize| match window.seen.get(function) {
        Some(0) | None => 0.0,
        Some(seen) => f64::from(*seen) / (bodies[function].len() as f64).sqrt(),
    };
    while let Some(best) = (0..left.len()).max_by(|one, other| {
        let key = |at: usize| (score(&window, left[at]), bodies[left[at]].len());
        let ((one, one_length), (other, other_length)) = (key(*one), key(*other));
        one.total_cmp(&other).then(one_length.cmp(&other_length))
    }) {
        let function = left.swap_remove(best);
        order.push(function);
        window.push(function);
    }
    order
}

/// Which function has which shingles, and the other way round; shingles are numbered.
struct Shingles {
    of: Vec<Vec<usize>>,
    having: Vec<Vec<usize>>,
}

impl Shingles {
    fn of(bodies: &[&[u8]]) -> Self {
        let mut numbers: HashMap<&[u8], usize> = HashMap::new();
        let mut having: Vec<Vec<usize>> = Vec::new();
        for (function, body) in bodies.iter().enumerate() {
            let distinct: BTreeSet<&[u8]> = body.windows(SHINGLE).collect();
            for shingle in distinct {
                let number = *numbers.entry(shingle).or_insert(having.len());
                if number == having.len() {
                    having.push(Vec::new());
                }
                having[number].push(function);
            }
        }
        let mut of = vec![Vec::new(); bodies.len()];
        for (number, functions) in having.iter().enumerate() {
            if (2..=MOST_WITH_SHINGLE).contains(&functions.len()) {
                functions
                    .iter()
                    .for_each(|function| of[*function].push(number));
            }
        }
        Self { of, having }
    }
}

/// The functions put last, and how many of its shingles each function has in common with them.
struct Window<'m> {
    bodies: &'m [&'m [u8]],
    shingles: &'m Shingles,
    functions: VecDeque<usize>,
    bytes: usize,
    /// How often each shingle is in the window.
    present: Vec<u32>,
    seen: Vec<u32>,
}

impl<'m> Window<'m> {
    fn new(bodies: &'m [&'m [u8]], shingles: &'m Shingles) -> Self {
        Self {
            bodies,
            shingles,
            functions: VecDeque::new(),
            bytes: 0,
            present: vec![0; shingles.having.len()],
            seen: vec![0; bodies.len()],
        }
    }

    fn push(&mut self, function: usize) {
        self.functions.push_back(function);
        self.bytes += self.bodies[function].len();
        for shingle in &self.shingles.of[function] {
            self.present[*shingle] += 1;
            if self.present[*shingle] == 1 {
                let having = &self.shingles.having[*shingle];
                having.iter().for_each(|other| self.seen[*other] += 1);
            }
        }
        while self.bytes > WINDOW_BYTES && self.functions.len() > 1 {
            self.pop();
        }
    }

    fn pop(&mut self) {
        let Some(function) = self.functions.pop_front() else {
            return;
        };
        self.bytes -= self.bodies[function].len();
        for shingle in &self.shingles.of[function] {
            self.present[*shingle] -= 1;
            if self.present[*shingle] == 0 {
                let having = &self.shingles.having[*shingle];
                having.iter().for_each(|other| self.seen[*other] -= 1);
            }
        }
    }
}

/// Writes a module with its functions moved.
struct Moved {
    imported: u32,
    /// Which function comes first, second and so on; imported ones are not counted.
    order: Vec<usize>,
    /// Where each has gone.
    positions: Vec<u32>,
}

impl Moved {
    fn put<T>(&self, mut section: Vec<Option<T>>, mut put: impl FnMut(T)) {
        for function in &self.order {
            if let Some(entry) = section.get_mut(*function).and_then(Option::take) {
                put(entry);
            }
        }
    }
}

impl Reencode for Moved {
    type Error = Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32, Error<Infallible>> {
        let moved = function
            .checked_sub(self.imported)
            .and_then(|at| self.positions.get(at as usize));
        Ok(moved.map_or(function, |position| self.imported + position))
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: FunctionSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        let types = section.into_iter().map(|it| it.map(Some));
        let types = types.collect::<Result<Vec<_>, _>>()?;
        self.put(types, |it| {
            functions.function(it);
        });
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: CodeSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        let bodies = section.into_iter().map(|it| it.map(Some));
        let bodies = bodies.collect::<Result<Vec<_>, _>>()?;
        let mut sorted = Vec::with_capacity(bodies.len());
        self.put(bodies, |body| sorted.push(body));
        for body in sorted {
            self.parse_function_body(code, body)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use wasm_encoder::{
        ConstExpr, ElementSection, Elements, EntityType, ExportKind, ExportSection, Function,
        ImportSection, RefType, TableSection, TableType, TypeSection,
    };

    use super::*;

    /// Five functions beside an imported one; each returns its number, the last calls the one before.
    fn module() -> Vec<u8> {
        let mut types = TypeSection::new();
        types.ty().function([], [wasm_encoder::ValType::I32]);
        let mut imports = ImportSection::new();
        imports.import("host", "given", EntityType::Function(0));
        let mut functions = FunctionSection::new();
        let mut code = CodeSection::new();
        for number in 0..5 {
            functions.function(0);
            let mut body = Function::new([]);
            let repeats = if number % 2 == 0 { 4 } else { 12 };
            for _ in 0..repeats {
                body.instructions().i32_const(1_000 + number % 2).drop();
            }
            match number {
                4 => body.instructions().call(4),
                number => body.instructions().i32_const(number),
            };
            body.instructions().end();
            code.function(&body);
        }
        let mut tables = TableSection::new();
        tables.table(TableType {
            element_type: RefType::FUNCREF,
            table64: false,
            minimum: 5,
            maximum: None,
            shared: false,
        });
        let mut exports = ExportSection::new();
        exports.export("last", ExportKind::Func, 5);
        let mut elements = ElementSection::new();
        let all: Vec<u32> = (1..6).collect();
        elements.active(
            None,
            &ConstExpr::i32_const(0),
            Elements::Functions(all.into()),
        );
        let mut module = Module::new();
        module
            .section(&types)
            .section(&imports)
            .section(&functions)
            .section(&tables)
            .section(&exports)
            .section(&elements)
            .section(&code);
        module.finish()
    }

    #[test]
    fn moves_functions_and_whatever_names_them() {
        let before = module();
        let after = reorder(&before).unwrap();
        assert_ne!(before, after);
        let (imported, bodies) = functions(&after).unwrap();
        assert_eq!(imported, 1);
        let (_, bodies_before) = functions(&before).unwrap();
        let place = |body: &[u8]| bodies.iter().position(|it| *it == body).unwrap() as u32;
        for payload in Parser::new(0).parse_all(&after) {
            if let Payload::ExportSection(section) = payload.unwrap() {
                let export = section.into_iter().next().unwrap().unwrap();
                let body = bodies[export.index as usize - 1];
                // The last function calls the fourth, wherever that has gone.
                let called = u8::try_from(place(bodies_before[3]) + 1).unwrap();
                assert!(body.ends_with(&[0x10, called, 0x0b]));
            }
        }
    }

    #[test]
    fn puts_functions_that_are_alike_next_to_each_other() {
        let before = module();
        let (_, bodies) = functions(&before).unwrap();
        let order = order(&bodies);
        let odd: Vec<_> = order.iter().map(|function| function % 2).collect();
        assert_eq!(odd, [1, 1, 0, 0, 0]);
    }

    #[test]
    fn rejects_what_is_no_module() {
        assert!(reorder(b"\0asm\x01\0\0\0\x0a\xff").is_err());
    }

    #[test]
    fn leaves_a_module_without_functions_as_it_is() {
        let empty = Module::new().finish();
        assert_eq!(reorder(&empty).unwrap(), empty);
    }
}
