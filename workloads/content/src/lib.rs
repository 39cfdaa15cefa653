//! Rule content.
