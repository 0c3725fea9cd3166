//! JSON (RFC 8259), of which a browser has a reader itself, and is not sent one more.

pub(super) use reader::Object;

/// What an object has under a name. Of two members of one name the last counts.
pub(super) enum Member {
    Absent,
    Null,
    Text(String),
    Texts(Vec<String>),
    Number(f64),
    Other,
}

impl Member {
    pub(super) fn text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
mod reader {
    use miniserde::json::{self, Number, Value};

    use super::Member;

    pub(in super::super) struct Object(json::Object);

    impl Object {
        pub(in super::super) fn parse(text: &str) -> Option<Self> {
            json::from_str(text).ok().map(Self)
        }

        pub(in super::super) fn member(&self, name: &str) -> Member {
            match self.0.get(name) {
                None => Member::Absent,
                Some(Value::Null) => Member::Null,
                Some(Value::String(text)) => Member::Text(text.clone()),
                Some(Value::Number(Number::U64(number))) => Member::Number(*number as f64),
                Some(Value::Number(Number::I64(number))) => Member::Number(*number as f64),
                Some(Value::Number(Number::F64(number))) => Member::Number(*number),
                Some(Value::Array(elements)) => {
                    let texts = elements.iter().map(|element| match element {
                        Value::String(text) => Some(text.clone()),
                        _ => None,
                    });
                    texts
                        .collect::<Option<_>>()
                        .map_or(Member::Other, Member::Texts)
                }
                Some(_) => Member::Other,
            }
        }

        /// The objects of an array; whatever else is in it is left out.
        pub(in super::super) fn objects(self, name: &str) -> Vec<Self> {
            let mut members = self.0;
            let Some(Value::Array(elements)) = members.get_mut(name).map(std::mem::take) else {
                return Vec::new();
            };
            let objects = elements.into_iter().filter_map(|element| match element {
                Value::Object(object) => Some(Self(object)),
                _ => None,
            });
            objects.collect()
        }
    }
}

#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
mod reader {
    use js_sys::{Array, JSON, JsString, Reflect, wasm_bindgen::JsCast, wasm_bindgen::JsValue};

    use super::Member;

    pub(in super::super) struct Object(JsValue);

    impl Object {
        pub(in super::super) fn parse(text: &str) -> Option<Self> {
            Self::of(JSON::parse(text).ok()?)
        }

        fn of(value: JsValue) -> Option<Self> {
            (value.is_object() && !Array::is_array(&value)).then_some(Self(value))
        }

        fn get(&self, name: &str) -> JsValue {
            Reflect::get(&self.0, &name.into()).unwrap_or_default()
        }

        pub(in super::super) fn member(&self, name: &str) -> Member {
            let value = self.get(name);
            if value.is_undefined() {
                Member::Absent
            } else if value.is_null() {
                Member::Null
            } else if let Some(number) = value.as_f64() {
                Member::Number(number)
            } else if Array::is_array(&value) {
                let elements = Array::from(&value);
                let texts = elements.iter().map(|element| text(&element));
                texts
                    .collect::<Option<_>>()
                    .map_or(Member::Other, Member::Texts)
            } else {
                text(&value).map_or(Member::Other, Member::Text)
            }
        }

        /// The objects of an array; whatever else is in it is left out.
        pub(in super::super) fn objects(self, name: &str) -> Vec<Self> {
            let value = self.get(name);
            if Array::is_array(&value) {
                Array::from(&value).iter().filter_map(Self::of).collect()
            } else {
                Vec::new()
            }
        }
    }

    /// None for half a surrogate pair, which would become another text.
    fn text(value: &JsValue) -> Option<String> {
        let text = value.dyn_ref::<JsString>()?;
        text.is_valid_utf16().then(|| text.into())
    }
}
