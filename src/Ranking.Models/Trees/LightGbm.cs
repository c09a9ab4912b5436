using System.Runtime.InteropServices;

namespace Ranking.Models.Trees;

/// <summary>LightGBM's C interface (<c>LightGBM/c_api.h</c> of version 4), as far as it is used here.</summary>
static unsafe partial class LightGbm
{
    const string Library = "lib_lightgbm";

    /// <summary>Element types of arrays.</summary>
    public const int Float32 = 0, Int32 = 2;

    /// <summary>Probabilities (or ranks' scores), or sums of leaves.</summary>
    public const int Normal = 0, Raw = 1;

    /// <summary>Refuses a call that failed.</summary>
    /// <exception cref="ArgumentException">With LightGBM's own message: settings or data that it does not take.</exception>
    public static void Check(int code)
    {
        if (code != 0) throw new ArgumentException($"LightGBM: {Marshal.PtrToStringUTF8(LGBM_GetLastError())}");
    }

    [LibraryImport(Library)]
    private static partial nint LGBM_GetLastError();

    [LibraryImport(Library, EntryPoint = "LGBM_DatasetCreateFromMat", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int DatasetCreate(float* data, int type, int rows, int columns, int rowMajor, string parameters, nint reference, out nint dataset);

    [LibraryImport(Library, EntryPoint = "LGBM_DatasetSetField", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int DatasetSetField(nint dataset, string field, void* data, int count, int type);

    [LibraryImport(Library, EntryPoint = "LGBM_DatasetSetFeatureNames", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int DatasetSetFeatureNames(nint dataset, string[] names, int count);

    [LibraryImport(Library, EntryPoint = "LGBM_DatasetFree")]
    public static partial int DatasetFree(nint dataset);

    [LibraryImport(Library, EntryPoint = "LGBM_BoosterCreate", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int BoosterCreate(nint dataset, string parameters, out nint booster);

    [LibraryImport(Library, EntryPoint = "LGBM_BoosterLoadModelFromString", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int BoosterLoad(string text, out int rounds, out nint booster);

    [LibraryImport(Library, EntryPoint = "LGBM_BoosterFree")]
    public static partial int BoosterFree(nint booster);

    [LibraryImport(Library, EntryPoint = "LGBM_BoosterUpdateOneIter")]
    public static partial int BoosterUpdate(nint booster, out int finished);

    [LibraryImport(Library, EntryPoint = "LGBM_BoosterGetNumFeature")]
    public static partial int BoosterFeatures(nint booster, out int count);

    [LibraryImport(Library, EntryPoint = "LGBM_BoosterPredictForMat", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int BoosterPredict(
        nint booster, float* data, int type, int rows, int columns, int rowMajor, int kind, int firstRound, int rounds, string parameters, out long count, double* scores);

    [LibraryImport(Library, EntryPoint = "LGBM_BoosterSaveModelToString")]
    public static partial int BoosterSave(nint booster, int firstRound, int rounds, int importance, long room, out long length, byte* text);
}
