package kr.naru

import java.io.File

/**
 * Keeps certificates in a folder of the app's own, as they came: their keys are encrypted under their
 * owners' passwords. For desktops and tests; a phone keeps them under its hardware.
 */
public class FolderCertificateStore(folder: File) : CertificateStore by EncryptedFolder(folder, Plain)

private object Plain : StoreEncryption {
    override suspend fun encrypt(name: String, content: ByteArray) = content

    override suspend fun decrypt(name: String, content: ByteArray) = content
}
