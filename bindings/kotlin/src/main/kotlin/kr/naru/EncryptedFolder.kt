package kr.naru

import java.io.ByteArrayInputStream
import java.io.ByteArrayOutputStream
import java.io.File
import java.io.FileOutputStream
import java.io.IOException
import java.util.zip.ZipEntry
import java.util.zip.ZipInputStream
import java.util.zip.ZipOutputStream
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock
import kotlinx.coroutines.withContext

/** How what is kept in a folder is encrypted. A name is authenticated, so that files cannot be exchanged. */
internal interface StoreEncryption {
    suspend fun encrypt(name: String, content: ByteArray): ByteArray

    suspend fun decrypt(name: String, content: ByteArray): ByteArray
}

/** A file for each certificate, a zip of its files, and one for each note; each is replaced whole. */
internal class EncryptedFolder(folder: File, private val encryption: StoreEncryption) : CertificateStore {
    private val certificates = folder.resolve("certificates")
    private val notes = folder.resolve("notes")
    private val writing = Mutex()

    override suspend fun save(certificate: StoredCertificate) =
        write(certificates, certificate.id.checked(ID), pack(certificate.files))

    override suspend fun list(): List<String> = touching {
        certificates.list().orEmpty().filter(ID::matches).sorted()
    }

    override suspend fun load(id: String): StoredCertificate? =
        read(certificates, id.checked(ID))?.let { StoredCertificate(id, unpack(it)) }

    override suspend fun delete(id: String) = remove(certificates, id.checked(ID))

    override suspend fun saveNote(name: String, content: ByteArray) = write(notes, name.checked(NOTE), content)

    override suspend fun loadNote(name: String): ByteArray? = read(notes, name.checked(NOTE))

    override suspend fun deleteNote(name: String) = remove(notes, name.checked(NOTE))

    private suspend fun write(folder: File, name: String, content: ByteArray) {
        val encrypted = encryption.encrypt("${folder.name}/$name", content)
        touching {
            writing.withLock {
                if (!folder.isDirectory && !folder.mkdirs()) throw IOException("no folder")
                if (folder.usableSpace < encrypted.size + SPARE) throw StoreException(StoreException.Reason.FULL)
                replace(folder.resolve(name), encrypted)
            }
        }
    }

    private suspend fun read(folder: File, name: String): ByteArray? {
        val encrypted = touching { folder.resolve(name).takeIf(File::isFile)?.readBytes() }
        return encrypted?.let { encryption.decrypt("${folder.name}/$name", it) }
    }

    private suspend fun remove(folder: File, name: String) = touching {
        val file = folder.resolve(name)
        if (!file.delete() && file.exists()) throw IOException("cannot be deleted")
    }

    /** Either the old bytes are there afterwards or the new ones. */
    private fun replace(file: File, content: ByteArray) {
        val fresh = File.createTempFile("new", ".part", file.parentFile)
        try {
            FileOutputStream(fresh).use { stream ->
                stream.write(content)
                stream.fd.sync()
            }
            if (!fresh.renameTo(file)) throw IOException("cannot be replaced")
        } finally {
            fresh.delete()
        }
    }

    private suspend inline fun <R> touching(crossinline block: suspend () -> R): R = withContext(Dispatchers.IO) {
        try {
            block()
        } catch (failure: IOException) {
            throw StoreException(StoreException.Reason.FAILED, failure)
        }
    }

    private fun String.checked(form: Regex): String =
        takeIf(form::matches) ?: throw StoreException(StoreException.Reason.FAILED)

    private companion object {
        val ID = Regex("[0-9a-f]{64}")
        val NOTE = Regex("[a-z0-9-]+")
        const val SPARE = 1 shl 16
    }
}

private fun pack(files: List<CertificateFile>): ByteArray {
    val bytes = ByteArrayOutputStream()
    ZipOutputStream(bytes).use { zip ->
        for (file in files) {
            zip.putNextEntry(ZipEntry(file.path))
            zip.write(file.content)
        }
    }
    return bytes.toByteArray()
}

private fun unpack(bytes: ByteArray): List<CertificateFile> = try {
    ZipInputStream(ByteArrayInputStream(bytes)).use { zip ->
        generateSequence(zip::getNextEntry).map { CertificateFile(it.name, zip.readBytes()) }.toList()
    }
} catch (damaged: IOException) {
    throw StoreException(StoreException.Reason.FAILED, damaged)
}
