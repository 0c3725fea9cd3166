package kr.naru

import java.io.File
import javax.crypto.KeyGenerator
import javax.crypto.SecretKey
import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNull

import org.junit.jupiter.api.Test

class StoreTest {
    private val folder = temporaryFolder()
    private val id = "ab".repeat(32)
    private val other = "cd".repeat(32)
    private val certificate = StoredCertificate(id, listOf(CertificateFile("NPKI/홍길동/signCert.der", byteArrayOf(1, 2)), CertificateFile("NPKI/홍길동/signPri.key", ByteArray(5000))))

    /** Stands for the hardware's key. */
    private class SoftwareKey : StoreKey {
        var key: SecretKey? = null

        override fun existing() = key

        override fun create(): SecretKey = KeyGenerator.getInstance("AES").apply { init(256) }.generateKey().also { key = it }

        override suspend fun <R> use(block: () -> R): R = block()
    }

    private fun encrypted(key: StoreKey = SoftwareKey()) = EncryptedFolder(folder, AesGcmEncryption(key))

    private fun stores() = listOf(FolderCertificateStore(temporaryFolder()), EncryptedFolder(temporaryFolder(), AesGcmEncryption(SoftwareKey())))

    private suspend fun reason(block: suspend () -> Unit) = failsBy<StoreException> { block() }.reason

    @Test
    fun `gives back what was saved, and forgets what was deleted`() = test {
        for (store in stores()) {
            assertEquals(emptyList<String>(), store.list())
            store.save(certificate)
            store.save(StoredCertificate(other, certificate.files.take(1)))
            assertEquals(listOf(id, other), store.list())
            val loaded = store.load(id)?.files.orEmpty()
            assertEquals(certificate.files.map { it.path }, loaded.map { it.path })
            assertEquals(contents(certificate.files), contents(loaded))
            store.save(StoredCertificate(id, certificate.files.take(1)))
            assertEquals(1, store.load(id)?.files?.size)
            store.delete(id)
            store.delete(id)
            assertNull(store.load(id))
            assertEquals(listOf(other), store.list())
        }
    }

    @Test
    fun `keeps notes beside them`() = test {
        for (store in stores()) {
            assertNull(store.loadNote("receipt-$id"))
            store.saveNote("receipt-$id", byteArrayOf(7))
            assertArrayEquals(byteArrayOf(7), store.loadNote("receipt-$id"))
            assertEquals(emptyList<String>(), store.list())
            store.deleteNote("receipt-$id")
            store.deleteNote("receipt-$id")
            assertNull(store.loadNote("receipt-$id"))
        }
    }

    @Test
    fun `takes no name that leads elsewhere`() = test {
        for (store in stores()) {
            for (name in listOf("", "../x", "/etc/passwd", "a/b", "A")) {
                assertEquals(StoreException.Reason.FAILED, reason { store.save(StoredCertificate(name, emptyList())) })
                assertEquals(StoreException.Reason.FAILED, reason { store.saveNote(name, byteArrayOf(1)) })
                assertEquals(StoreException.Reason.FAILED, reason { store.delete(name) })
            }
        }
    }

    @Test
    fun `nothing of a certificate lies in the folder as it is`() = test {
        encrypted().save(certificate)
        val bytes = folder.walk().filter(File::isFile).single().readBytes().toString(Charsets.ISO_8859_1)
        assertFalse("signCert.der" in bytes || "PK" == bytes.take(2))
    }

    @Test
    fun `what was altered, exchanged or cut is not read`() = test {
        val store = encrypted()
        store.save(certificate)
        store.save(StoredCertificate(other, certificate.files))
        val (file, second) = listOf(id, other).map { folder.resolve("certificates").resolve(it) }
        val original = file.readBytes()
        for (changed in listOf(original.copyOf().also { it[20] = (it[20] + 1).toByte() }, second.readBytes(), original.copyOf(11), original.copyOf(40))) {
            file.writeBytes(changed)
            assertEquals(StoreException.Reason.FAILED, reason { store.load(id) })
        }
    }

    @Test
    fun `a key that is gone is said`() = test {
        encrypted().save(certificate)
        assertEquals(StoreException.Reason.KEY_LOST, reason { encrypted().load(id) })
    }

    @Test
    fun `no two encryptions are alike`() = test {
        val store = encrypted()
        store.save(certificate)
        val first = folder.resolve("certificates/$id").readBytes()
        store.save(certificate)
        assertFalse(first.contentEquals(folder.resolve("certificates/$id").readBytes()))
    }

    @Test
    fun `a folder that cannot be written is said`() = test {
        val file = folder.resolve("file").apply { writeText("") }
        assertEquals(StoreException.Reason.FAILED, reason { FolderCertificateStore(file).save(certificate) })
    }
}
