package kr.naru.android

import android.content.Context
import android.os.Build
import android.security.keystore.KeyGenParameterSpec
import android.security.keystore.KeyPermanentlyInvalidatedException
import android.security.keystore.KeyProperties
import android.security.keystore.StrongBoxUnavailableException
import android.security.keystore.UserNotAuthenticatedException
import java.security.KeyStore
import java.security.ProviderException
import java.security.UnrecoverableKeyException
import javax.crypto.KeyGenerator
import javax.crypto.SecretKey
import kr.naru.AesGcmEncryption
import kr.naru.CertificateStore
import kr.naru.EncryptedFolder
import kr.naru.StoreException
import kr.naru.StoreKey

/**
 * Keeps certificates in the app's private folder, under an AES key of the Android Keystore that never
 * leaves the hardware (StrongBox where there is one) and works only for some seconds after the person has
 * unlocked the device. Neither the key nor the folder is a part of backups.
 *
 * @param context any of the app's
 * @param unlock shows the system's prompt for the screen lock or a strong biometric, and returns whether
 *   the person was verified; called, not on the main thread, when the key is needed and no unlocking was recent
 */
public class KeystoreCertificateStore(context: Context, unlock: suspend () -> Boolean) :
    CertificateStore by EncryptedFolder(context.noBackupFilesDir.resolve("naru"), AesGcmEncryption(KeystoreKey(unlock)))

private class KeystoreKey(private val unlock: suspend () -> Boolean) : StoreKey {
    private val keystore = KeyStore.getInstance(PROVIDER).apply { load(null) }

    override fun existing(): SecretKey? = keystore.getKey(ALIAS, null) as SecretKey?

    @Synchronized
    override fun create(): SecretKey {
        existing()?.let { return it }
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.P) {
            try {
                return generate(specification().setIsStrongBoxBacked(true).build())
            } catch (_: StrongBoxUnavailableException) {
                // The trusted execution environment takes it.
            }
        }
        return generate(specification().build())
    }

    override suspend fun <R> use(block: () -> R): R = try {
        block()
    } catch (locked: UserNotAuthenticatedException) {
        if (!unlock()) throw StoreException(StoreException.Reason.LOCKED, locked)
        try {
            block()
        } catch (still: UserNotAuthenticatedException) {
            throw StoreException(StoreException.Reason.LOCKED, still)
        }
    } catch (gone: KeyPermanentlyInvalidatedException) {
        throw StoreException(StoreException.Reason.KEY_LOST, gone)
    } catch (gone: UnrecoverableKeyException) {
        throw StoreException(StoreException.Reason.KEY_LOST, gone)
    } catch (failed: ProviderException) {
        throw StoreException(StoreException.Reason.FAILED, failed)
    } catch (unprotected: IllegalStateException) {
        // A device without a screen lock makes no such key.
        throw StoreException(StoreException.Reason.FAILED, unprotected)
    }

    private fun specification(): KeyGenParameterSpec.Builder {
        val purposes = KeyProperties.PURPOSE_ENCRYPT or KeyProperties.PURPOSE_DECRYPT
        val builder = KeyGenParameterSpec.Builder(ALIAS, purposes)
            .setKeySize(256)
            .setBlockModes(KeyProperties.BLOCK_MODE_GCM)
            .setEncryptionPaddings(KeyProperties.ENCRYPTION_PADDING_NONE)
            .setUserAuthenticationRequired(true)
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.P) builder.setUnlockedDeviceRequired(true)
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.R) {
            val ways = KeyProperties.AUTH_BIOMETRIC_STRONG or KeyProperties.AUTH_DEVICE_CREDENTIAL
            builder.setUserAuthenticationParameters(UNLOCKED_SECONDS, ways)
        } else {
            @Suppress("DEPRECATION")
            builder.setUserAuthenticationValidityDurationSeconds(UNLOCKED_SECONDS)
        }
        return builder
    }

    private fun generate(specification: KeyGenParameterSpec): SecretKey {
        val generator = KeyGenerator.getInstance(KeyProperties.KEY_ALGORITHM_AES, PROVIDER)
        generator.init(specification)
        return generator.generateKey()
    }

    private companion object {
        const val PROVIDER = "AndroidKeyStore"
        const val ALIAS = "kr.naru.certificates"
        const val UNLOCKED_SECONDS = 30
    }
}
