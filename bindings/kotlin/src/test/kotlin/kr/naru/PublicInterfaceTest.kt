package kr.naru

import java.io.File
import kotlinx.validation.api.dump
import kotlinx.validation.api.filterOutNonPublic
import kotlinx.validation.api.loadApiFromJvmClasses
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test

class PublicInterfaceTest {
    private val written = root.resolve("bindings/kotlin/api.txt")

    @Test
    fun `the public interface is the one that was reviewed`() {
        val classes = File(System.getProperty("naru.classes")).walk()
            .filter { it.extension == "class" && "kr/naru/generated" !in it.invariantSeparatorsPath }
        val interfaces = classes.map(File::inputStream).loadApiFromJvmClasses().filterOutNonPublic(listOf("kr/naru/generated"))
        val now = interfaces.dump(StringBuilder()).toString()
        if (System.getProperty("naru.interface") == "write") written.writeText(now)
        assertEquals(written.readText(), now) { "to accept the change: cargo xtask kotlin-interface" }
    }
}
