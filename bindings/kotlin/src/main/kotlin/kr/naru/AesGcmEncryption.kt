package kr.naru

import java.security.GeneralSecurityException
import javax.crypto.Cipher
import javax.crypto.SecretKey
import javax.crypto.spec.GCMParameterSpec

/** Where the key of a store comes from. */
internal interface StoreKey {
    /** The key, where there is one. */
    fun existing(): SecretKey?

    /** Makes the key. */
    fun create(): SecretKey

    /**
     * Uses the key, which may have to be unlocked first.
     *
     * @throws StoreException when it cannot be used.
     */
    suspend fun <R> use(block: () -> R): R
}

/** AES-GCM under one key, which draws its nonces itself: 12 bytes of nonce, then what it has encrypted. */
internal class AesGcmEncryption(private val key: StoreKey) : StoreEncryption {
    override suspend fun encrypt(name: String, content: ByteArray): ByteArray = using {
        val cipher = Cipher.getInstance(TRANSFORMATION)
        cipher.init(Cipher.ENCRYPT_MODE, key.existing() ?: key.create())
        cipher.updateAAD(name.toByteArray())
        cipher.iv + cipher.doFinal(content)
    }

    override suspend fun decrypt(name: String, content: ByteArray): ByteArray = using {
        if (content.size < NONCE) throw StoreException(StoreException.Reason.FAILED)
        val existing = key.existing() ?: throw StoreException(StoreException.Reason.KEY_LOST)
        val cipher = Cipher.getInstance(TRANSFORMATION)
        cipher.init(Cipher.DECRYPT_MODE, existing, GCMParameterSpec(TAG_BITS, content, 0, NONCE))
        cipher.updateAAD(name.toByteArray())
        cipher.doFinal(content, NONCE, content.size - NONCE)
    }

    private suspend fun using(block: () -> ByteArray): ByteArray = try {
        key.use(block)
    } catch (unusable: GeneralSecurityException) {
        throw StoreException(StoreException.Reason.FAILED, unusable)
    }

    private companion object {
        const val TRANSFORMATION = "AES/GCM/NoPadding"
        const val NONCE = 12
        const val TAG_BITS = 128
    }
}
